"""Who may use the page: other hosts, other origins, other users of this machine, and pages of yesterday are refused."""

import aiohttp
import pytest
from yarl import URL

from kubernaut.errors import InputError
from kubernaut.plugins.registry import Registry
from kubernaut.ui.server import serve

REHEARSALS = ["initContainer"]


@pytest.fixture
async def door(site):
    """Serve the page, and return what its addresses begin with, the token, and a client that has the cookie."""
    async with serve(site.cluster, site.namespace, Registry.discover()) as address:
        token = address.partition("/?token=")[2]
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
            async with session.get(address) as answer:
                assert (answer.status, answer.url.query_string) == (200, "")
                base = str(answer.url).rstrip("/")
            yield base, token, session


async def status(request):
    async with request as answer:
        return answer.status, await answer.text()


async def test_the_token_becomes_a_cookie_that_scripts_and_other_sites_do_not_get(door):
    base, token, _ = door
    async with (
        aiohttp.ClientSession() as stranger,
        stranger.get(f"{base}/?token={token}", allow_redirects=False) as answer,
    ):
        cookie = answer.headers["Set-Cookie"]
        assert (answer.status, answer.headers["Location"]) == (303, f"{URL(base).path}/")
    assert "HttpOnly" in cookie
    assert f"Path={URL(base).path};" in cookie, "no other server of this host is asked for this path"
    assert "SameSite=Strict" in cookie


async def test_a_token_leads_to_the_page_and_nowhere_else(door):
    base, token, session = door
    address = URL(f"{URL(base).origin()}//other.example/%0d%0a?token={token}", encoded=True)
    async with session.get(address, allow_redirects=False) as answer:
        assert answer.headers["Location"] == f"{URL(base).path}/"


@pytest.mark.parametrize("path", ["/", "/proposals", "/live/", "/static/page.js", "/executions/a/b/logs", "/nothing"])
async def test_without_the_cookie_nothing_is_shown(door, path):
    base, _, _ = door
    async with aiohttp.ClientSession() as stranger:
        code, text = await status(stranger.get(f"{base}{path}"))
        assert (code, "open that one" in text) == (401, True)
        code, text = await status(stranger.get(f"{base}{path}", headers={"Cookie": "kubernaut-1=x"}))
        assert code == 401
        code, text = await status(stranger.get(f"{base}/?token=wrong"))
        assert (code, "printed last" in text) == (401, True)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1", "127.0.0.1.evil.example"])
async def test_a_name_that_resolves_to_this_machine_is_refused(door, host):
    base, _, session = door
    code, text = await status(session.get(base, headers={"Host": host}))
    assert (code, "This server answers as" in text) == (403, True)


async def test_localhost_is_accepted(door):
    base, _, session = door
    port = URL(base).port
    assert (await status(session.get(f"{base}/", headers={"Host": f"localhost:{port}"})))[0] == 200


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "{base}", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "https{rest}"}, 403),
        ({"Origin": "{base}"}, 422),
    ],
)
async def test_only_a_page_of_this_server_changes_anything(door, headers, code):
    base, _, session = door
    given = {
        name: value.format(base=URL(base).origin(), rest=str(URL(base).origin()).removeprefix("http"))
        for name, value in headers.items()
    }
    found, text = await status(session.post(f"{base}/executions/production/none/cancel", headers=given))
    assert (found, "there is no execution none" in text) == (code, code == 422)


async def test_nothing_changes_by_a_link(door):
    base, _, session = door
    assert (await status(session.get(f"{base}/executions/production/none/cancel")))[0] == 405


@pytest.mark.parametrize(
    "name", ["x%2fstatus", "..%2f..%2f..%2f..%2f..%2f..%2fapi%2fv1%2fnamespaces%2fproduction%2fconfigmaps%2fapp-config"]
)
async def test_a_link_leads_to_no_other_object_than_the_one_it_names(door, site, name):
    base, _, session = door
    await site.create("scale", {"name": "web", "replicas": 3}, name="x", suspend=True)
    code, text = await status(session.get(URL(f"{base}/executions/production/{name}", encoded=True)))
    assert (code, "there is no execution" in text) == (404, True)


async def test_every_answer_has_a_strict_policy(door):
    base, _, session = door
    for path in ("/", "/static/page.js", "/none", "/live/actions"):
        async with session.get(f"{base}{path}") as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert "http" not in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Cache-Control"] == "no-store"


async def test_a_form_without_end_is_refused(door):
    base, _, session = door
    code, _ = await status(
        session.post(
            f"{base}/executions/a/b/cancel", headers={"Origin": str(URL(base).origin())}, data={"x": "y" * 200_000}
        )
    )
    assert code == 413


async def test_a_port_that_is_taken_is_bad_input(door, site):
    base, _, _ = door
    with pytest.raises(InputError, match="--port"):
        async with serve(site.cluster, site.namespace, Registry.discover(), URL(base).port):
            pass
