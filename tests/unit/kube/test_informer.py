"""The copy stays current through breaks, expiry and silence, on a scripted cluster."""

import asyncio
from contextlib import suppress

import pytest

from kubernaut.errors import ExpiredError, UnavailableError
from kubernaut.kube.answers import Page, WatchEvent
from kubernaut.kube.informer import Informer, Retention, Scope
from kubernaut.kube.objects import JOBS, Key


def obj(name, version, uid="u", **labels):
    return {
        "metadata": {
            "namespace": "ns",
            "name": name,
            "uid": uid,
            "resourceVersion": str(version),
            "labels": labels,
            "managedFields": [{"manager": "x"}],
        }
    }


class Played:
    """A cluster that answers from a script: pages for lists; events, or an error, for watches; then it falls silent."""

    def __init__(self, lists, watches):
        self.lists, self.watches, self.requests = list(lists), list(watches), []
        self.over = asyncio.Event()

    async def pages(self, resource, namespace=None, *, selector=""):
        more = ""
        while True:
            self.requests.append(("list", more))
            answer = self.lists.pop(0)
            if isinstance(answer, Exception):
                raise answer
            yield answer
            if not (more := answer.more):
                return

    async def watch(self, resource, version, *, namespace=None, selector=""):
        self.requests.append(("watch", version))
        if not self.watches:
            self.over.set()
            await asyncio.Event().wait()
        for move in self.watches.pop(0):
            if isinstance(move, Exception):
                raise move
            yield move


def only_good(obj):
    """Fail on an object that is labelled bad."""
    if "bad" in obj["metadata"]["labels"]:
        raise KeyError("unknown field")
    return obj


async def play(lists, watches, **retention):
    changes = []
    played = Played(lists, watches)

    def record(old, new):
        changes.append((old and version(old), new and version(new)))

    informer = Informer(played, Scope(JOBS), record, Retention(**retention))
    task = asyncio.create_task(informer.run())
    async with asyncio.timeout(5):
        await played.over.wait()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    return informer, changes, played.requests


def version(cached):
    return cached.json["metadata"]["resourceVersion"]


async def test_the_informer_lists_and_then_watches_from_that_version():
    informer, changes, requests = await play([Page([obj("a", 1)], "5", "")], [[WatchEvent("MODIFIED", obj("a", 6))]])
    assert changes == [(None, "1"), ("1", "6")]
    assert requests[:3] == [("list", ""), ("watch", "5"), ("watch", "6")]
    assert informer.synced.is_set()


async def test_a_long_list_is_read_page_by_page():
    informer, _, requests = await play([Page([obj("a", 1)], "5", "next"), Page([obj("b", 2)], "5", "")], [])
    assert len(informer) == 2
    assert requests[1] == ("list", "next")


async def test_a_broken_watch_resumes_from_its_last_event_or_bookmark():
    _, _, requests = await play([Page([], "5", "")], [[WatchEvent("BOOKMARK", obj("", 9))], [UnavailableError("cut")]])
    assert [a for a in requests if a[0] == "watch"][:3] == [("watch", "5"), ("watch", "9"), ("watch", "9")]
    assert len([a for a in requests if a[0] == "list"]) == 1


async def test_after_an_expired_watch_the_informer_lists_again_and_drops_deleted_objects():
    lists = [Page([obj("a", 1), obj("b", 2)], "5", ""), Page([obj("b", 2)], "50", "")]
    informer, changes, _ = await play(lists, [[ExpiredError("too old")]])
    assert informer.get(Key("ns", "a")) is None
    assert ("1", None) in changes


async def test_a_deletion_is_passed_on_with_the_last_known_object():
    _, changes, _ = await play([Page([obj("a", 1)], "5", "")], [[WatchEvent("DELETED", obj("a", 7))]])
    assert changes[-1] == ("1", None)


async def test_managed_fields_are_dropped():
    informer, _, _ = await play([Page([obj("a", 1)], "5", "")], [])
    assert "managedFields" not in informer.get(Key("ns", "a")).json["metadata"]


async def test_the_answer_to_a_write_is_not_undone_by_an_older_event():
    informer, changes, _ = await play([Page([obj("a", 1)], "5", "")], [])
    informer.accept(obj("a", 9))
    informer._put(obj("a", 7))
    assert version(informer.get(Key("ns", "a"))) == "9"
    assert changes[-1] == ("1", "9")


async def test_another_object_of_the_same_name_replaces_the_old_one():
    informer, _, _ = await play([Page([obj("a", 9)], "9", "")], [])
    informer.accept(obj("a", 3, uid="other"))
    assert version(informer.get(Key("ns", "a"))) == "3"


@pytest.mark.parametrize("gone", [True, False], ids=["deleted", "relabelled"])
async def test_the_index_follows_the_objects(gone):
    last = WatchEvent("DELETED", obj("a", 6, of="x")) if gone else WatchEvent("MODIFIED", obj("a", 6, of="y"))
    informer, _, _ = await play(
        [Page([obj("a", 1, of="x")], "5", "")], [[last]], index=lambda o: o["metadata"]["labels"]["of"]
    )
    assert informer.indexed("x") == []
    assert len(informer.indexed("y")) == (0 if gone else 1)


async def test_the_time_when_a_fact_was_first_seen_is_kept_until_the_object_is_replaced():
    informer, _, _ = await play([Page([obj("a", 1)], "1", "")], [], facts=lambda o: o["metadata"]["labels"])
    created = informer.get(Key("ns", "a")).first_seen
    assert created.keys() == {"created"}
    labelled = informer.accept(obj("a", 2, ready="yes")).first_seen
    assert (labelled["created"], labelled.keys()) == (created["created"], {"created", "ready"})
    assert informer.accept(obj("a", 3)).first_seen == labelled, "the time of the first observation is kept"
    assert informer.accept(obj("a", 4, uid="other")).first_seen["created"] > created["created"]


async def test_an_object_that_cannot_be_handled_costs_itself_alone(caplog):
    lists = [Page([obj("a", 1, bad="yes"), obj("b", 2)], "5", "")]
    watch = [WatchEvent("ADDED", obj("c", 6, bad="yes")), WatchEvent("ADDED", obj("d", 7))]
    informer, changes, asked = await play(lists, [watch], transform=only_good)
    assert ([key.name for key in informer._objects], changes) == (["b", "d"], [(None, "2"), (None, "7")])
    assert asked[-1] == ("watch", "7"), "the watch continues"
    assert "jobs ns/a cannot be handled" in caplog.text
