"""Whose certificates are trusted, for which name, and the client's own."""

import ssl

import pytest

from kubernaut.errors import InputError
from kubernaut.kube.config.rotating_file import RotatingFile
from kubernaut.kube.config.tls import ClientCertificate, TlsContexts
from tests.support.certificates import Authority


def handshake(client, server_certificate, name="server"):
    """Return the client's name in its certificate, as the server sees it. Raises SSLError where the client refuses."""
    server_in, server_out, client_in, client_out = (ssl.MemoryBIO() for _ in range(4))
    ours = client.wrap_bio(client_in, client_out, server_hostname=name)
    theirs = server_certificate.wrap_bio(server_in, server_out, server_side=True)
    ended = set()
    for _ in range(10):
        for side in (ours, theirs):
            try:
                side.do_handshake()
                ended.add(side)
            except ssl.SSLWantReadError:
                pass
        server_in.write(client_out.read())
        client_in.write(server_out.read())
    assert len(ended) == 2
    subject = (theirs.getpeercert() or {}).get("subject", ())
    return dict(pair[0] for pair in subject).get("commonName", "")


@pytest.fixture
def authority():
    return Authority()


@pytest.fixture
def server(authority, tmp_path):
    """The server's side, with a certificate of the authority for `server`; it asks for the client's."""

    def make(*hosts, name="server"):
        certificate, key = authority.pair(name, *hosts)
        (tmp_path / "server.pem").write_bytes(certificate + key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tmp_path / "server.pem")
        context.verify_mode = ssl.CERT_OPTIONAL
        context.load_verify_locations(cadata=authority.pem.decode())
        return context

    return make


def test_the_named_authority_is_trusted_and_no_other(authority, server):
    assert handshake(TlsContexts(authority.pem).context(), server("server")) == ""
    for other in (Authority().pem, None):
        with pytest.raises(ssl.SSLCertVerificationError):
            handshake(TlsContexts(other).context(), server("server"))


def test_the_servers_name_must_be_in_its_certificate(authority, server):
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        handshake(TlsContexts(authority.pem).context(), server("other"))


def test_a_common_name_is_not_a_host_name(authority, server):
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(TlsContexts(authority.pem).context(), server(name="server"))


def test_without_verification_any_certificate_will_do(authority, server):
    assert handshake(TlsContexts(None, verify=False).context(), server("other")) == ""


def test_the_client_presents_its_certificate(authority, server):
    client = ClientCertificate(*authority.pair("anna"))
    assert handshake(TlsContexts(authority.pem).context(client), server("server")) == "anna"


def test_text_around_the_certificates_of_an_authority_is_ignored(authority, server):
    bundle = b"# Caf\xc3\xa9\n" + Authority("other").pem + b"\nnotes\n" + authority.pem
    assert handshake(TlsContexts(bundle).context(), server("server")) == ""


def test_the_context_is_made_anew_only_when_a_certificate_changes(authority, tmp_path):
    file = tmp_path / "ca.pem"
    file.write_bytes(authority.pem)
    tls, client = TlsContexts(RotatingFile(file)), ClientCertificate(*authority.pair("anna"))
    first = tls.context()
    assert tls.context() is first
    second = tls.context(client)
    assert second is not first
    assert tls.context(client) is second
    file.write_bytes(Authority("next").pem)
    assert tls.context(client) is not second


def test_a_certificate_that_is_half_replaced_leaves_the_last_one_in_use(authority, caplog):
    tls, anna, berta = TlsContexts(authority.pem), authority.pair("anna"), authority.pair("berta")
    valid = tls.context(ClientCertificate(*anna))
    assert tls.context(ClientCertificate(berta[0], anna[1])) is valid
    assert "the certificates that were valid before stay in use" in caplog.text
    assert tls.context(ClientCertificate(*berta)) is not valid


@pytest.mark.parametrize(
    "content",
    [b"", b"garbage", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"],
    ids=["empty", "garbage", "a broken block"],
)
def test_an_authority_that_is_not_a_certificate_is_refused_by_its_place(content):
    with pytest.raises(InputError, match=r"^clusters is not a certificate in PEM: "):
        TlsContexts(content, named="clusters").context()


@pytest.mark.parametrize("key", [b"", b"garbage"], ids=["no key", "garbage"])
def test_a_client_certificate_that_cannot_be_used_is_refused(authority, key):
    with pytest.raises(InputError, match="client certificate and key cannot be used: "):
        TlsContexts(authority.pem).context(ClientCertificate(authority.pair("anna")[0], key))
