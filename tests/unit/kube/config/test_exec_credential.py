"""What a credential plugin prints."""

import json

import pytest

from kubernaut.kube.config.exec_credential import read_exec_credential
from tests.support.certificates import Authority

V1, BETA = "client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"


def printed(api_version=V1, kind="ExecCredential", **status):
    return json.dumps({"apiVersion": api_version, "kind": kind, "status": status}).encode()


@pytest.mark.parametrize("version", [V1, BETA])
def test_a_token_and_its_end_are_read(version):
    issued = read_exec_credential(printed(version, token="t\n", expirationTimestamp="2026-05-01T12:00:00.5Z"), version)
    assert (issued.credential.authorization, issued.expires_at) == ("Bearer t", 1777636800.5)
    assert read_exec_credential(printed(token="t"), V1).expires_at is None


def test_a_client_certificate_is_read_alone_or_beside_a_token():
    certificate, key = (part.decode() for part in Authority().pair("anna"))
    pair = {"clientCertificateData": certificate, "clientKeyData": key}
    for status, authorization in ((pair, ""), ({**pair, "token": "t"}, "Bearer t")):
        credential = read_exec_credential(printed(**status), V1).credential
        assert (credential.authorization, credential.certificate.certificate) == (authorization, certificate.encode())
        assert key not in repr(credential)


@pytest.mark.parametrize(
    ("output", "problem"),
    [
        pytest.param(b" \n", "it printed nothing", id="nothing"),
        pytest.param(b"secret: t", "not JSON", id="garbage"),
        pytest.param(b"\xff\xfe", "not JSON", id="bytes"),
        pytest.param(b"[" * 100_000, "not JSON", id="deep nesting"),
        pytest.param(b"9" * 100_000, "not JSON", id="a number of 100,000 digits"),
        pytest.param(printed(token="\ud800"), "its token is not one line", id="half a character"),
        pytest.param(b"[]", "not an ExecCredential", id="a list"),
        pytest.param(printed(kind="Status", token="t"), "not an ExecCredential", id="another kind"),
        pytest.param(
            printed(BETA, token="t"), "v1beta1', not of client.authentication.k8s.io/v1", id="another version"
        ),
        pytest.param(printed(), "has no status", id="no status"),
        pytest.param(
            printed(expirationTimestamp="2026-05-01T12:00:00Z"), "neither a token nor a certificate", id="no credential"
        ),
        pytest.param(printed(clientCertificateData="x"), "needs both", id="a certificate without its key"),
        pytest.param(printed(clientCertificateData="x", clientKeyData="y"), "cannot be used", id="not a certificate"),
        pytest.param(printed(token=5), "its token is not a text", id="a number as token"),
        pytest.param(printed(token="a\nb"), "its token is not one line", id="a token of two lines"),
        pytest.param(
            printed(token="t", expirationTimestamp="soon"), "its expirationTimestamp is not a time", id="no time"
        ),
        pytest.param(
            printed(token="t", expirationTimestamp="2026-05-01T12:00:00"),
            "expirationTimestamp",
            id="a time without a zone",
        ),
    ],
)
def test_anything_else_is_refused_without_quoting_it(output, problem):
    with pytest.raises(ValueError, match=r".") as refused:
        read_exec_credential(output, V1)
    assert problem in str(refused.value)
    assert "secret" not in str(refused.value)


def test_a_certificate_with_the_key_of_another_is_refused():
    authority = Authority()
    certificate, key = authority.pair("anna")[0].decode(), authority.pair("berta")[1].decode()
    with pytest.raises(ValueError, match="client certificate and key cannot be used: key values mismatch"):
        read_exec_credential(printed(clientCertificateData=certificate, clientKeyData=key), V1)
