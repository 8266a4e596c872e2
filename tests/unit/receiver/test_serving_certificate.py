"""The certificate is read again when its files change; a pair that does not fit leaves the one before in use."""

import ssl

import pytest

from kubernaut.errors import InputError
from kubernaut.receiver.serving_certificate import ServingCertificate
from tests.support.certificates import Authority


def write(folder, pair):
    for name, content in zip(("tls.crt", "tls.key"), pair, strict=True):
        (folder / name).unlink(missing_ok=True)
        (folder / name).write_bytes(content)
    return folder / "tls.crt", folder / "tls.key"


def served(context, authority):
    """Return the name in the certificate that a client gets."""
    client = ssl.create_default_context(cadata=authority.pem.decode())
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = context.wrap_bio(to_server, to_client, server_side=True)
    connection = client.wrap_bio(to_client, to_server, server_hostname="localhost")
    for _ in range(5):
        for side in (connection, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return dict(pair[0] for pair in connection.getpeercert()["subject"])["commonName"]


def test_a_replaced_certificate_is_served_without_a_restart(tmp_path, caplog):
    authority = Authority()
    certificate = ServingCertificate(*write(tmp_path, authority.pair("old", "localhost")))
    first = certificate.context()
    assert certificate.context() is first
    assert served(first, authority) == "old"
    write(tmp_path, authority.pair("new", "localhost"))
    assert served(certificate.context(), authority) == "new"


def test_a_certificate_whose_key_has_not_come_yet_leaves_the_pair_before_in_use(tmp_path, caplog):
    authority = Authority()
    write(tmp_path, authority.pair("old", "localhost"))
    certificate = ServingCertificate(tmp_path / "tls.crt", tmp_path / "tls.key")
    new = authority.pair("new", "localhost")
    (tmp_path / "tls.crt").write_bytes(new[0])
    for _ in range(3):
        assert served(certificate.context(), authority) == "old"
    assert len([record for record in caplog.records if "stays in use" in record.message]) == 1
    (tmp_path / "tls.key").write_bytes(new[1])
    assert served(certificate.context(), authority) == "new"


def test_files_that_cannot_be_used_are_named(tmp_path):
    certificate, key = Authority().pair("a", "localhost")
    with pytest.raises(InputError, match=r"--tls-cert: .*tls.crt cannot be read"):
        ServingCertificate(tmp_path / "tls.crt", tmp_path / "tls.key")
    with pytest.raises(InputError, match="are no certificate and its key"):
        ServingCertificate(*write(tmp_path, (certificate, b"nonsense")))
    with pytest.raises(InputError, match="are no certificate and its key"):
        ServingCertificate(*write(tmp_path, (certificate, Authority().pair("b", "localhost")[1])))
    assert key
