"""The executions as they were told last: all namespaces where that is allowed, and an outage while nobody answers."""

import asyncio
from contextlib import asynccontextmanager, suppress

import pytest

from kubernaut.errors import DeniedError, UnavailableError
from kubernaut.kube.objects import Key
from kubernaut.ui import store as module
from kubernaut.ui.store import ExecutionStore


def obj(name, created="2026-05-01T12:00:00Z", **status):
    metadata = {"name": name, "namespace": "prod", "uid": f"u-{name}", "resourceVersion": "1"}
    return {"metadata": {**metadata, "creationTimestamp": created}, "spec": {"action": "scale"}, "status": status}


@pytest.fixture
def watched(monkeypatch):
    """Return a function that runs a store on what a script of watches yields or raises; each watch after the last one waits."""
    monkeypatch.setattr(module, "_RETRY_SECONDS", 0)

    @asynccontextmanager
    async def run(*scripts, namespace=None):
        asked, left = [], list(scripts)

        async def watch(_cluster, _resource, where, **_):
            asked.append(where)
            for one in left.pop(0) if left else ():
                if isinstance(one, Exception):
                    raise one
                yield {Key("prod", found["metadata"]["name"]): found for found in one}
            await asyncio.Event().wait()

        monkeypatch.setattr(module, "watch_collection", watch)
        made = ExecutionStore(None, namespace, "mine")
        task = asyncio.create_task(made.run())
        async with asyncio.timeout(5):
            await made.synced.wait()
            for _ in range(20):
                await asyncio.sleep(0)
        yield made, asked
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    return run


async def test_the_newest_comes_first(watched):
    async with watched([[obj("a"), obj("c", "2026-05-01T13:00:00Z"), obj("b")]]) as (store, _):
        assert [one.name for one in store.newest_first()] == ["c", "b", "a"]
        assert [one.name for one in store.newest_first(lambda one: one.name != "c")] == ["b", "a"]


async def test_who_may_not_list_everywhere_sees_their_own_namespace(watched):
    async with watched([DeniedError("no")], [[obj("a")]]) as (store, asked):
        assert asked == [None, "mine"]
        assert (store.namespace, len(store), store.outage) == ("mine", 1, None)


async def test_who_may_not_list_there_either_is_told(watched):
    async with watched([DeniedError("no")], [DeniedError("neither")]) as (store, _):
        assert "neither" in store.outage.message


async def test_a_defect_is_an_outage_too_and_does_not_leave_a_page_that_looks_current(watched):
    async with watched([[obj("a")], KeyError("x")]) as (store, _):
        assert (store.outage.message, len(store)) == ("KeyError: the log of kubernaut ui has the traceback", 1)
    async with watched([[obj("a")], KeyError("x")], [[obj("a"), obj("b")]]) as (store, _):
        assert (store.outage, len(store)) == (None, 2)


async def test_an_outage_lasts_until_somebody_answers_and_keeps_what_was_known(watched):
    async with watched([[obj("a")], UnavailableError("down")]) as (store, _):
        assert (store.outage.message, len(store)) == ("down", 1)
    async with watched([[obj("a")], UnavailableError("down")], [[obj("a"), obj("b")]]) as (store, _):
        assert (store.outage, len(store)) == (None, 2)


async def test_who_waits_is_woken_by_the_next_change(watched):
    async with watched([[obj("a")]]) as (store, _):
        assert await store.wait(store.version, 0.01) is False
        waiting = asyncio.create_task(store.wait(store.version, 5))
        await asyncio.sleep(0)
        store._take({})
        assert await waiting is True


async def test_what_has_not_changed_keeps_its_view(watched):
    first = obj("a")
    async with watched([[first], [first, obj("b")]]) as (store, _):
        before = store.get(Key("prod", "a"))
        store._take({Key("prod", "a"): first})
        assert store.get(Key("prod", "a")) is before


async def test_one_that_does_not_fit_this_version_is_counted_and_left_out(watched):
    async with watched([[obj("a"), obj("b", phase="Levitating")]]) as (store, _):
        assert ([one.name for one in store], store.unreadable) == (["a"], 1)
