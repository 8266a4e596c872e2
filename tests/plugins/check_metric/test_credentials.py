"""The credential is sent, verified TLS alone carries it, and it shows nowhere."""

import base64
import json
import ssl

import pytest
from pytest_httpserver import HTTPServer

from kubernaut.runner import Rejected
from kubernaut_check_metric.prometheus import Prometheus
from tests.support.certificates import Authority

TOKEN = "a-token/that+must=never_show"
TOKEN_SECRET = {"name": "prometheus", "key": "token"}
NONE = {"token_secret": None, "username": "", "password_secret": None, "ca_secret": None}
BEARER = {**NONE, "token_secret": TOKEN_SECRET}
BASIC = {**NONE, "username": "me", "password_secret": {"name": "prometheus", "key": "password"}}
ONE = {"status": "success", "data": {"resultType": "scalar", "result": [0, "1"]}}


@pytest.fixture
def credential(monkeypatch):
    """Put the content of the Secret into the environment of the pod."""

    def put(value, authority=None):
        monkeypatch.setenv("KUBERNAUT_PROMETHEUS_CREDENTIAL", value)
        if authority is not None:
            monkeypatch.setenv("KUBERNAUT_PROMETHEUS_CA", authority)

    return put


@pytest.mark.parametrize(
    ("settings", "header"),
    [(BEARER, f"Bearer {TOKEN}"), (BASIC, f"Basic {base64.b64encode(f'me:{TOKEN}'.encode()).decode()}")],
    ids=["token", "password"],
)
def test_the_credential_is_sent(httpserver, credential, settings, header):
    credential(f"{TOKEN}\n")
    httpserver.expect_request("/api/v1/query", headers={"Authorization": header}).respond_with_json(ONE)
    assert Prometheus({**settings, "url": httpserver.url_for("").rstrip("/")}).query("up").number == 1


@pytest.mark.parametrize("settings", [BEARER, BASIC], ids=["token", "password"])
def test_a_credential_that_the_server_repeats_is_not_shown(httpserver, credential, settings):
    credential(TOKEN)
    encoded = base64.b64encode(f"me:{TOKEN}".encode()).decode()
    sent = f"{encoded} {TOKEN}" if settings is BASIC else TOKEN
    for path, status, content in (
        ("/error/api/v1/query", 400, {"status": "error", "errorType": sent, "error": f"{'x ' * 130}{sent}"}),
        ("/refused/api/v1/query", 403, {"error": sent}),
        ("/page/api/v1/query", 200, {"page": sent}),
        ("/series/api/v1/query", 200, _labelled(sent)),
    ):
        httpserver.expect_request(path).respond_with_data(json.dumps(content), status)
        with pytest.raises(Rejected) as rejected:
            Prometheus({**settings, "url": httpserver.url_for(path.removesuffix("/api/v1/query"))}).query("up")
        assert not {TOKEN[:12], encoded[:12]} & set(_pieces(str(rejected.value)))
        assert "***" in str(rejected.value)


def _pieces(text):
    return (text[start : start + 12] for start in range(len(text)))


def _labelled(text):
    result = [{"metric": {"a": text}, "value": [0, "1"]}, {"metric": {}, "value": [0, "1"]}]
    return {"status": "success", "data": {"resultType": "vector", "result": result}}


def test_a_refused_credential_is_named_by_its_secret(httpserver, credential):
    credential(TOKEN)
    httpserver.expect_request("/api/v1/query").respond_with_data("no", 401)
    with pytest.raises(Rejected, match=r"refuses the credential in Secret prometheus \(key token\): 401: no"):
        Prometheus({**BEARER, "url": httpserver.url_for("").rstrip("/")}).query("up")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("", "does not exist in this namespace or is empty"),
        (" \n", "does not exist in this namespace or is empty"),
        ("two words", "has spaces, lines or characters that a header cannot have"),
        ("two\nlines", "has spaces, lines or characters"),
        ("tökén", "has spaces, lines or characters"),
    ],
)
def test_a_secret_without_a_token_is_rejected_before_any_request(credential, value, words):
    credential(value)
    with pytest.raises(Rejected, match=rf"Secret prometheus \(key token\) {words}") as rejected:
        Prometheus({**BEARER, "url": "https://prometheus.invalid"})
    assert not value.strip() or value not in str(rejected.value)


@pytest.fixture
def authority():
    return Authority()


@pytest.fixture
def secure(authority, tmp_path):
    """A server with a certificate of this authority for `localhost`."""
    for name, content in zip(("cert", "key"), authority.pair("prometheus", "localhost"), strict=True):
        (tmp_path / name).write_bytes(content)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert", tmp_path / "key")
    with HTTPServer(ssl_context=context) as server:
        server.expect_request("/api/v1/query").respond_with_json(ONE)
        yield server


AUTHORITY = {**NONE, "ca_secret": {"name": "ca", "key": "ca.crt"}}


def test_a_certificate_of_the_settings_authority_is_trusted(secure, authority, credential):
    credential("", authority.pem.decode())
    assert Prometheus({**AUTHORITY, "url": f"https://localhost:{secure.port}"}).query("up").number == 1


def test_any_other_certificate_ends_it_before_the_credential_is_sent(secure, credential):
    credential(TOKEN, Authority("another").pem.decode())
    for settings in (BEARER, {**AUTHORITY, "token_secret": TOKEN_SECRET}):
        with pytest.raises(Rejected, match="is not trusted, see `ca_secret` in the settings: "):
            Prometheus({**settings, "url": f"https://localhost:{secure.port}"}).query("up")
    assert secure.log == []


def test_a_certificate_for_another_host_is_not_trusted(secure, authority, credential):
    credential("", authority.pem.decode())
    with pytest.raises(Rejected, match="is not trusted"):
        Prometheus({**AUTHORITY, "url": f"https://127.0.0.1:{secure.port}"}).query("up")


@pytest.mark.parametrize(
    ("pem", "words"),
    [("", "does not exist in this namespace or is empty"), ("no pem", "does not contain certificates in PEM")],
)
def test_a_secret_without_an_authority_is_rejected(credential, pem, words):
    credential("", pem)
    with pytest.raises(Rejected, match=rf"Secret ca \(key ca.crt\) {words}"):
        Prometheus({**AUTHORITY, "url": "https://prometheus.invalid"})
