"""Requests of the client: paths, queries, errors, pages, watches and logs, on a connection that answers from a script."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace

import aiohttp
import pytest

from kubernaut.errors import ExpiredError, NotFoundError, RejectedError, UnauthenticatedError, UnavailableError
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import JOBS, PODS
from kubernaut.telemetry.stage_recorder import recording


class Response:
    """An answer: a status code, and a body that is read whole or line by line."""

    def __init__(self, body=b"", status=200, breaks=None):
        self.status, self.headers, self.content, self.closed = status, {}, self, False
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self._data, self._lines, self._breaks = data, data.splitlines(keepends=True), breaks

    async def read(self):
        if self._breaks:
            raise self._breaks
        return self._data

    async def readline(self):
        if not self._lines and self._breaks:
            raise self._breaks
        return self._lines.pop(0) if self._lines else b""

    async def iter_any(self):
        for line in self._lines:
            yield line
        if self._breaks:
            raise self._breaks

    def close(self):
        self.closed = True


class Connection:
    """Answers from a script, and records what was sent."""

    host = "https://cluster"
    config = SimpleNamespace(identity="user 'anna' of kubeconfig /k", namespace="ops")

    def __init__(self, *answers):
        self.answers, self.sent = list(answers), []

    async def send(self, method, path, *, query=None, body=None, **_):
        self.sent.append((method, path, {key: value for key, value in (query or {}).items() if value}, body))
        return self.answers.pop(0)


def client(*answers):
    connection = Connection(*answers)
    return Cluster(connection), connection


def page(names, more=""):
    items = [{"metadata": {"name": name}} for name in names]
    return Response({"metadata": {"resourceVersion": "5", "continue": more}, "items": items})


async def test_a_long_list_is_read_page_by_page():
    cluster, connection = client(page("ab", "next"), page("c"))
    found = await cluster.list_all(PODS, "n", selector="a=b", fields="x=y")
    assert ([obj["metadata"]["name"] for obj in found.items], found.resource_version) == (["a", "b", "c"], "5")
    selection = {"labelSelector": "a=b", "fieldSelector": "x=y", "limit": "250"}
    assert [query for _, _, query, _ in connection.sent] == [selection, {**selection, "continue": "next"}]


async def test_writes_skip_the_validation_of_unknown_fields_and_can_be_rehearsed():
    cluster, connection = client(Response({}), Response({}))
    await cluster.create(JOBS, "n", {"kind": "Job"}, dry_run=True)
    await cluster.patch(JOBS, "n", "j", {"spec": {}}, subresource="status")
    assert connection.sent == [
        ("POST", "/apis/batch/v1/namespaces/n/jobs", {"fieldValidation": "Ignore", "dryRun": "All"}, {"kind": "Job"}),
        ("PATCH", "/apis/batch/v1/namespaces/n/jobs/j/status", {"fieldValidation": "Ignore"}, {"spec": {}}),
    ]


@pytest.mark.parametrize("status", [404, 409])
async def test_deleting_what_is_gone_or_was_replaced_is_not_an_error(status):
    cluster, connection = client(Response({"message": "x"}, status))
    await cluster.delete(JOBS, "n", "j", uid="u")
    assert connection.sent[0][3] == {"preconditions": {"uid": "u"}, "propagationPolicy": "Background"}


async def test_a_refused_delete_is_an_error():
    cluster, _ = client(Response({"message": "x"}, 422))
    with pytest.raises(RejectedError):
        await cluster.delete(JOBS, "n", "j", uid="u")


def of_size(size, name, more=""):
    """Return a page with one object, in an answer of about this many bytes."""
    return Response(
        {"metadata": {"resourceVersion": "1", "continue": more}, "items": [{"n": name, "fill": "x" * size}]}
    )


async def test_a_page_of_large_objects_is_asked_for_again_with_fewer_until_it_is_small_enough():
    large = [of_size(5_000_000, "a") for _ in range(4)]
    cluster, connection = client(*large, of_size(1_600_000, "a", "2"), of_size(100, "b", "3"), of_size(100, "c"))
    assert [[obj["n"] for obj in page.items] async for page in cluster.pages(PODS)] == [["a"], ["b"], ["c"]]
    asked = [(query["limit"], query.get("continue")) for _, _, query, _ in connection.sent]
    assert asked == [
        *((limit, None) for limit in ("250", "62", "15", "3", "1")),
        ("2", "2"),
        ("4", "3"),
    ]
    assert all(answer.closed for answer in large)


async def test_a_single_object_is_read_whatever_its_size():
    cluster, _ = client(*(of_size(5_000_000, "a") for _ in range(5)))
    assert len((await cluster.list_all(PODS)).items) == 1


async def test_a_page_that_breaks_off_is_none():
    broken = of_size(100, "a")
    broken._breaks = aiohttp.ClientPayloadError("cut")
    cluster, _ = client(broken)
    with pytest.raises(UnavailableError):
        await cluster.list_all(PODS)


async def test_each_request_is_a_stage_with_its_answer():
    cluster, _ = client(Response({"message": "no"}, 404))
    with recording() as recorded, pytest.raises(NotFoundError):
        await cluster.get(JOBS, "n", "j")
    (stage,) = recorded.stages()
    assert (stage.name, str(stage.request), stage.error) == ("request", "GET jobs 404", "no")


UNAUTHORIZED = Response({"message": "Unauthorized"}, 401)


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda cluster: cluster.get(JOBS, "n", "j"), id="a request"),
        pytest.param(lambda cluster: anext(cluster.watch(JOBS, "5")), id="a watch"),
        pytest.param(lambda cluster: anext(cluster.log_lines("n", "p", "c")), id="a log"),
    ],
)
async def test_a_401_names_the_server_and_whose_credentials_it_does_not_accept(ask):
    cluster, _ = client(UNAUTHORIZED)
    message = (
        r"https://cluster does not accept the credentials of user 'anna' of kubeconfig /k \(401 Unauthorized\); renew"
    )
    with pytest.raises(UnauthenticatedError, match=message):
        await ask(cluster)


def test_a_client_knows_the_namespace_of_its_context():
    assert client()[0].namespace == "ops"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Response(b"<html>"), id="not JSON"),
        pytest.param(Response(breaks=aiohttp.ClientPayloadError("cut")), id="broken off"),
    ],
)
async def test_an_answer_that_cannot_be_read_is_none(answer):
    cluster, _ = client(answer)
    with pytest.raises(UnavailableError):
        await cluster.get(JOBS, "n", "j")


def events(*lines):
    return Response(b"".join(json.dumps(line).encode() + b"\n" for line in lines))


async def test_a_watch_yields_each_event_and_closes_its_connection():
    answer = events({"type": "ADDED", "object": {"a": 1}}, {"type": "BOOKMARK", "object": {}})
    cluster, connection = client(answer)
    seen = [event.type async for event in cluster.watch(JOBS, "5", namespace="n", selector="a")]
    assert (seen, answer.closed) == (["ADDED", "BOOKMARK"], True)
    query = connection.sent[0][2]
    assert (query["watch"], query["resourceVersion"], query["timeoutSeconds"]) == ("true", "5", "50")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        pytest.param(
            events({"type": "ERROR", "object": {"code": 410, "message": "too old"}}), ExpiredError, id="an error event"
        ),
        pytest.param(Response({"message": "too old"}, 410), ExpiredError, id="an error instead of a watch"),
        pytest.param(Response(breaks=aiohttp.ClientPayloadError("cut")), UnavailableError, id="a broken connection"),
        pytest.param(Response(b"half a li"), UnavailableError, id="half a line"),
    ],
)
async def test_a_watch_that_fails_raises_what_happened(answer, error):
    cluster, _ = client(answer)
    with pytest.raises(error):
        _ = [event async for event in cluster.watch(JOBS, "5")]
    assert answer.closed


async def test_a_server_that_is_not_ready_is_unavailable():
    cluster, _ = client(Response(b"ok"), Response(b"no", 500))
    await cluster.ready()
    with pytest.raises(UnavailableError, match="/readyz answers 500"):
        await cluster.ready()


async def test_log_lines_come_one_by_one():
    cluster, connection = client(Response(b"one\ntwo\n"))
    assert [line async for line in cluster.log_lines("n", "p", "execute", follow=True)] == ["one", "two"]
    assert connection.sent[0][1:3] == ("/api/v1/namespaces/n/pods/p/log", {"container": "execute", "follow": "true"})


async def test_the_api_servers_time_is_that_of_an_answer_even_of_a_refusal():
    answer = Response(status=403)
    answer.headers = {"Date": "Sun, 29 Nov 2026 21:40:16 GMT"}
    assert await client(answer)[0].server_time() == datetime(2026, 11, 29, 21, 40, 16, tzinfo=UTC)


@pytest.mark.parametrize("headers", [{}, {"Date": "yesterday"}])
async def test_an_answer_without_a_time_is_no_answer(headers):
    answer = Response()
    answer.headers = headers
    with pytest.raises(UnavailableError, match="answers without its time"):
        await client(answer)[0].server_time()
