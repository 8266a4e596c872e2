"""What is refused at the door, and where a token goes: to the receiver's own API server, and nowhere else."""

import asyncio
import gzip
import json
import logging
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import aiohttp
import pytest
from aiohttp import web

from kubernaut.kube.config.client_config import load_client_config
from kubernaut.kube.objects import RUNBOOKS
from kubernaut.plugins.registry import Registry
from kubernaut.receiver import receiver as module
from kubernaut.receiver.delivery import Delivery
from kubernaut.receiver.metrics import ReceiverMetrics
from kubernaut.receiver.rate_limits import RateLimits
from kubernaut.receiver.receiver import Receiver
from kubernaut.receiver.runbook_store import RunbookStore
from kubernaut.receiver.server import MAX_BODY_BYTES, serve_webhooks
from tests.support.alertmanager import RunningReceiver, make_alert, make_webhook
from tests.support.fake_client import FakeClient
from tests.support.tls_api_server import tls_api_server
from tests.unit.receiver.conftest import GROW

TOKEN = "header.payload.signature"
OWN = {"token": "own-token", "as": "somebody"}
BODY = json.dumps(make_webhook(make_alert(deployment="web"))).encode()


@pytest.fixture
async def api(tmp_path):
    async with tls_api_server(tmp_path, "127.0.0.1") as running:
        running.accepted = {f"Bearer {TOKEN}"}
        yield running


@asynccontextmanager
async def served(config, runbooks=(GROW,)):
    """Serve webhooks for an API server whose runbooks are known."""
    store = RunbookStore(FakeClient())
    for runbook in runbooks:
        made = {"namespace": "production", "uid": "u", "generation": 1, "resourceVersion": "1", **runbook["metadata"]}
        store._informer.accept({**runbook, "metadata": made})
    store.synced.set()
    metrics = ReceiverMetrics()
    limits = RateLimits(60, 60, asyncio.get_running_loop().time)
    delivery = Delivery(store, limits, Registry({}, (), {}), lambda: datetime.now(UTC))
    receiver = Receiver(config, delivery, metrics)
    async with serve_webhooks(receiver, metrics, "127.0.0.1", 0, None) as port:
        running = RunningReceiver(port, metrics)
        yield running, store


@pytest.fixture
async def receiver(api):
    async with served(load_client_config(api.kubeconfig(OWN))) as (running, _):
        yield running


async def test_only_the_senders_token_reaches_the_api_server(api, receiver, caplog):
    caplog.set_level(logging.DEBUG)
    await receiver.send(body=BODY, token=TOKEN)
    assert api.requests
    for request in api.requests:
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"
        assert not any(name.lower().startswith("impersonate") for name in request.headers)
    assert TOKEN not in caplog.text
    assert "own-token" not in caplog.text


async def test_a_token_does_not_follow_a_redirect(tmp_path, api, receiver):
    reached = []

    async def reach(request):
        reached.append(request.path)
        return web.json_response({})

    async def redirect(request):
        raise web.HTTPTemporaryRedirect(f"http://127.0.0.1:{other.addresses[0][1]}{request.path}")

    other = web.ServerRunner(web.Server(reach))
    await other.setup()
    await web.TCPSite(other, "127.0.0.1", 0).start()
    api.on_request = redirect
    assert (await receiver.send(body=BODY, token=TOKEN)).code == 503
    assert (reached, len(api.requests)) == ([], 1)
    await other.cleanup()


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer ", "Basic YTpi", f"Token {TOKEN}", "Bearer a b", "Bearer é", "Bearer " + "a" * 8001],
)
async def test_without_a_bearer_token_nothing_is_read_or_asked(api, receiver, header):
    given = {} if header is None else {"Authorization": header}
    answer = await receiver.send(body=BODY, **given)
    assert (answer.code, answer.headers.get("WWW-Authenticate")) in {(401, "Bearer"), (400, None)}
    assert api.requests == []


async def test_of_two_tokens_none_is_used(api, receiver):
    for headers in ([TOKEN, "another"], ["another", TOKEN], [TOKEN, TOKEN]):
        async with (
            aiohttp.ClientSession(headers=[("Authorization", f"Bearer {token}") for token in headers]) as session,
            session.post(f"http://127.0.0.1:{receiver.port}/alerts", data=BODY) as answer,
        ):
            assert answer.status == 401
    assert api.requests == []


async def test_a_token_that_the_api_server_does_not_accept_is_told(api, receiver):
    answer = await receiver.send(body=BODY, token="another")
    assert (answer.code, answer.text) == (401, "the API server does not accept this token\n")
    assert [request.path for request in api.requests] == ["/apis/authentication.k8s.io/v1/selfsubjectreviews"]
    assert receiver.count("alerts_total", status="firing") == 0


ASKED = ["/apis/authentication.k8s.io/v1/selfsubjectreviews"]


@pytest.mark.parametrize(
    ("body", "headers", "code", "asked"),
    [
        pytest.param(b"{", {}, 400, ASKED, id="not JSON"),
        pytest.param(json.dumps(make_webhook(version="3")).encode(), {}, 400, ASKED, id="another version"),
        pytest.param(b" " * (MAX_BODY_BYTES + 1), {}, 413, [], id="more than a MiB"),
        pytest.param(json.dumps(make_webhook(*([{}] * 1001))).encode(), {}, 413, ASKED, id="more than 1000 alerts"),
        pytest.param(gzip.compress(BODY), {"Content-Encoding": "gzip"}, 415, [], id="compressed"),
    ],
)
async def test_a_body_that_is_not_taken_is_refused_and_asks_for_nothing_but_its_sender(
    api, receiver, body, headers, code, asked
):
    answer = await receiver.send(body=body, token=TOKEN, **headers)
    assert answer.code == code
    assert len(answer.text) < 400
    assert [request.path for request in api.requests] == asked
    assert receiver.count("request_duration_seconds_count", code=str(code)) == 1


async def test_what_a_stranger_sends_is_not_read(receiver, monkeypatch):
    read = []
    monkeypatch.setattr(module, "read_webhook", read.append)
    assert (await receiver.send(body=b"{", token="another")).code == 401
    assert read == []


async def test_a_stranger_is_not_told_where_the_api_server_is_or_what_it_says(api, receiver, caplog):
    async def fail(_):
        raise web.HTTPServiceUnavailable(text="etcd-0.internal is down")

    api.on_request = fail
    answer = await receiver.send(body=BODY, token="another")
    assert (answer.code, answer.text) == (503, "the API server does not say whose token this is\n")
    assert "etcd-0.internal is down" in caplog.text


async def test_who_may_do_nothing_in_a_namespace_is_not_told_what_its_runbooks_are_called(api, receiver, caplog):
    async def forbid(request):
        if "kubernetesexecutions" in request.path:
            said = json.dumps({"message": f"{request.path.rpartition('/')[2]} is forbidden", "code": 403})
            raise web.HTTPForbidden(text=said)

    api.on_request = forbid
    caplog.set_level("INFO", "kubernaut.audit")
    answer = await receiver.send(body=BODY, token=TOKEN)
    assert (answer.code, answer.text) == (
        403,
        "1 denied: Forbidden: the token may not create executions in namespace production: bind kubernaut-alert-sender there\n",
    )
    (line,) = (record.audit for record in caplog.records if hasattr(record, "audit"))
    assert line["message"].startswith("grow-")


async def test_other_paths_and_methods_do_not_exist(receiver):
    async with aiohttp.ClientSession() as session:
        for method, path, code in (("GET", "/alerts", 405), ("POST", "/", 404), ("POST", "/alerts/x", 404)):
            async with session.request(method, f"http://127.0.0.1:{receiver.port}{path}") as answer:
                assert answer.status == code


async def test_until_the_runbooks_are_read_alertmanager_has_to_wait(api):
    async with served(load_client_config(api.kubeconfig(OWN))) as (running, store):
        store.synced.clear()
        answer = await running.send(body=BODY, token=TOKEN)
    assert (answer.code, answer.headers["Retry-After"], api.requests) == (503, "5", [])


async def test_an_api_server_that_answers_nothing_ends_after_the_time(api, receiver, monkeypatch):
    monkeypatch.setattr(module, "WORK_SECONDS", 0.5)
    monkeypatch.setattr(module, "LAST_SECONDS", 0.5)
    waiting = asyncio.Event()

    async def hang(_):
        await waiting.wait()

    api.on_request = hang
    answers = await asyncio.gather(*(receiver.send(body=BODY, token=TOKEN) for _ in range(12)))
    assert {(answer.code, answer.text) for answer in answers} == {(503, "there was not enough time\n")}
    waiting.set()


async def test_only_so_many_webhooks_are_decided_at_a_time(api, receiver):
    waiting = asyncio.Event()

    async def hang(_):
        await waiting.wait()

    api.on_request = hang
    sending = [asyncio.create_task(receiver.send(body=BODY, token=TOKEN)) for _ in range(12)]
    async with asyncio.timeout(10):
        while len(api.requests) < module.MAX_AT_WORK:
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.2)
    assert len(api.requests) == module.MAX_AT_WORK
    waiting.set()
    assert len(await asyncio.gather(*sending)) == 12


async def test_an_api_server_in_the_clear_gets_no_token(api):
    plain = {**api.kubeconfig(OWN)}
    plain["clusters"] = [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{api.port}"}}]
    async with served(load_client_config(plain)) as (running, _):
        assert (await running.send(body=BODY, token=TOKEN)).code == 400
    assert api.requests == []


async def test_a_port_that_is_taken_is_an_error_that_names_the_option(api, receiver):
    store_of = Receiver(load_client_config(api.kubeconfig(OWN)), None, ReceiverMetrics())
    with pytest.raises(Exception, match=r"--address 127.0.0.1 --port \d+ cannot be opened"):
        async with serve_webhooks(store_of, ReceiverMetrics(), "127.0.0.1", receiver.port, None):
            pass
    assert RUNBOOKS.plural == "runbooks"
