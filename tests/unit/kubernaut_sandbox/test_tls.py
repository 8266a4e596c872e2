"""The certificate of the API server."""

from __future__ import annotations

import ssl
from pathlib import Path

from cryptography import x509

from kubernaut_sandbox.tls import make_authority


def test_the_server_certificate_is_signed_by_the_ca_and_valid_for_loopback(tmp_path: Path) -> None:
    authority = make_authority(tmp_path)
    ca = x509.load_pem_x509_certificate(authority.ca_file.read_bytes())
    server = x509.load_pem_x509_certificate((tmp_path / "server.pem").read_bytes())
    server.verify_directly_issued_by(ca)
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]
    assert (tmp_path / "server.pem").stat().st_mode & 0o077 == 0
    assert isinstance(authority.context, ssl.SSLContext)
