"""Clients follow an execution through broken watches, and give up once the API server has been unreachable for too long."""

import pytest

from kubernaut.errors import ExpiredError, NotFoundError, UnauthenticatedError, UnavailableError
from kubernaut.kube.answers import Page, WatchEvent
from kubernaut.kube.follow import follow, wait_for_end, watch_collection
from kubernaut.kube.objects import EXECUTIONS, Key

KEY = Key("n", "a")


def obj(version, phase="Running", name="a"):
    return {"metadata": {"name": name, "namespace": "n", "resourceVersion": str(version)}, "status": {"phase": phase}}


class Scripted:
    """Answers each request with the next entry of its script; an exception is raised."""

    def __init__(self, gets=(), lists=(), watches=()):
        self.gets, self.lists, self.watches, self.watched = list(gets), list(lists), list(watches), []

    async def get(self, *_):
        return self._next(self.gets)

    async def list_all(self, *_, **__):
        return self._next(self.lists)

    async def watch(self, _resource, version, **_):
        self.watched.append(version)
        for move in self._next(self.watches):
            if isinstance(move, Exception):
                raise move
            yield move

    @staticmethod
    def _next(script):
        answer = script.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    monkeypatch.setattr("kubernaut.kube.follow._RETRY_SECONDS", 0)


async def test_an_execution_is_followed_to_its_end():
    watch = [
        WatchEvent("BOOKMARK", obj(2)),
        WatchEvent("MODIFIED", obj(3, name="b")),
        WatchEvent("MODIFIED", obj(4, "Failed")),
    ]
    cluster = Scripted([obj(1)], watches=[watch])
    assert [o["metadata"]["resourceVersion"] for o in [o async for o in follow(cluster, KEY)]] == ["1", "4"]
    assert cluster.watched == ["1"]


async def test_a_broken_watch_is_resumed():
    cluster = Scripted([obj(1), obj(2, "Succeeded")], watches=[[UnavailableError("cut")]])
    assert (await wait_for_end(cluster, KEY))["status"]["phase"] == "Succeeded"


async def test_a_server_that_stays_unreachable_is_reported_with_a_hint():
    cluster = Scripted([UnavailableError("down")])
    with pytest.raises(UnavailableError, match="execution n/a continues: see it with kubectl get kex a -n n"):
        _ = [o async for o in follow(cluster, KEY, patience_seconds=-1)]


async def test_credentials_that_are_not_accepted_end_it_at_once():
    cluster = Scripted([UnauthenticatedError("log in again")])
    with pytest.raises(UnauthenticatedError, match="log in again; execution n/a continues"):
        await wait_for_end(cluster, KEY)


async def test_a_deleted_execution_has_no_end():
    cluster = Scripted([obj(1)], watches=[[WatchEvent("DELETED", obj(2))]])
    with pytest.raises(NotFoundError, match="was deleted before its end"):
        await wait_for_end(cluster, KEY)


async def test_a_collection_is_listed_again_after_its_version_has_expired():
    pages = [Page([obj(1)], "5", ""), Page([obj(1), obj(6, name="b")], "7", "")]
    cluster = Scripted(lists=pages, watches=[[WatchEvent("DELETED", obj(6)), ExpiredError("too old")]])
    states = watch_collection(cluster, EXECUTIONS, "n")
    sizes = [len(await anext(states)) for _ in range(3)]
    assert (sizes, cluster.watched) == ([1, 0, 2], ["5"])
