"""Id tokens of an OpenID provider, and new ones for a refresh token."""

import base64
import json
import time

import pytest
from aiohttp import web

from kubernaut.errors import InputError, UnauthenticatedError
from kubernaut.kube.config.kubeconfig_section import Section
from kubernaut.kube.config.oidc import OidcProvider


def jwt(expires_in):
    claims = json.dumps({"exp": time.time() + expires_in}).encode()
    return f"h.{base64.urlsafe_b64encode(claims).rstrip(b'=').decode()}.s"


class Issuer:
    """An OpenID provider on loopback."""

    def __init__(self):
        self.url, self.answer, self.forms, self.logins, self.with_login = "", {}, [], [], True

    async def discover(self, _):
        return web.json_response({"token_endpoint": f"{self.url}/token"})

    async def token(self, request):
        self.forms.append(dict(await request.post()))
        self.logins.append(request.headers.get("Authorization", ""))
        refused = not self.with_login and "client_id" not in self.forms[-1]
        return web.json_response(
            {"error": "invalid_client"} if refused else self.answer, status=401 if refused else 200
        )


@pytest.fixture
async def issuer():
    made = Issuer()
    app = web.Application()
    app.router.add_get("/.well-known/openid-configuration", made.discover)
    app.router.add_post("/token", made.token)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


def provider(url, saved=None, **config):
    fields = {"idp-issuer-url": url, "client-id": "kube", "client-secret": "s", **config}
    section = Section({"name": "oidc", "config": {k: v for k, v in fields.items() if v}}, "users[u].user.auth-provider")
    return OidcProvider.of(section, None, ([] if saved is None else saved).append)


async def test_a_token_that_is_valid_is_used_as_it_is(issuer):
    token = jwt(3600)
    issued = await provider(issuer.url, **{"id-token": token}).issue()
    assert (issued.credential.authorization, issuer.forms) == (f"Bearer {token}", [])
    assert 3500 < issued.expires_at - time.time() <= 3600


@pytest.mark.parametrize("with_login", [True, False], ids=["as a login", "in the form"])
async def test_one_that_has_expired_is_replaced_and_both_new_tokens_are_kept(issuer, with_login):
    issuer.with_login, token, saved = with_login, jwt(3600), []
    issuer.answer = {"id_token": token, "refresh_token": "second"}
    made = provider(issuer.url, saved, **{"id-token": jwt(5), "refresh-token": "first"})
    assert (await made.issue()).credential.authorization == f"Bearer {token}"
    assert saved == [{"id-token": token, "refresh-token": "second"}]
    assert issuer.forms[0] == {"grant_type": "refresh_token", "refresh_token": "first"}
    assert issuer.logins[0].startswith("Basic ")
    assert len(issuer.forms) == (1 if with_login else 2)
    made.id_token = jwt(5)
    await made.issue()
    assert issuer.forms[-1]["refresh_token"] == "second"


@pytest.mark.parametrize(
    ("config", "answer", "message"),
    [
        pytest.param(
            {"id-token": jwt(-5)}, {}, "id-token: has expired, and there is no refresh-token", id="no refresh token"
        ),
        pytest.param(
            {"refresh-token": "r"}, {"error": "x"}, "refresh-token: .* refused it or sent no id_token", id="refused"
        ),
        pytest.param(
            {"id-token": "secret", "refresh-token": "r"}, {}, "id-token: is not a JWT with an expiry", id="not a JWT"
        ),
        pytest.param(
            {"refresh-token": "r"},
            {"id_token": "a.b.c"},
            "id-token: is not a JWT with an expiry",
            id="a new one that is not a JWT",
        ),
    ],
)
async def test_where_there_is_no_valid_token_a_person_must_log_in_again(issuer, config, answer, message):
    issuer.answer = answer
    with pytest.raises(UnauthenticatedError, match=message) as refused:
        await provider(issuer.url, **config).issue()
    assert str(refused.value).endswith("log in again with the tool that wrote this kubeconfig")
    assert "secret" not in str(refused.value)


async def test_a_provider_that_does_not_answer_is_named():
    with pytest.raises(UnauthenticatedError, match=r"http://127.0.0.1:1 gave no token"):
        await provider("http://127.0.0.1:1", **{"refresh-token": "r"}).issue()


@pytest.mark.parametrize(
    ("config", "message"),
    [
        pytest.param({"client-id": ""}, "client-id: is not set", id="no client"),
        pytest.param({"idp-issuer-url": "x"}, "idp-issuer-url: must be the URL", id="no issuer"),
        pytest.param(
            {"idp-certificate-authority-data": "AAAA"},
            "idp-certificate-authority is not a certificate",
            id="a bad authority",
        ),
    ],
)
def test_an_entry_that_cannot_be_used_is_refused_by_its_field(config, message):
    with pytest.raises(InputError, match=message):
        provider("https://i", **config)
