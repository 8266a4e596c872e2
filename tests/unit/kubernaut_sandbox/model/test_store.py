"""The versioned store."""

from __future__ import annotations

from typing import Any

import pytest

from kubernaut_sandbox.model.statuses import ApiError
from kubernaut_sandbox.model.store import Change, Store


def obj(name: str, namespace: str = "a", **fields: Any) -> dict[str, Any]:
    """An object."""
    return {"metadata": {"name": name, "namespace": namespace}, **fields}


def test_every_change_has_a_revision_and_reaches_the_listeners() -> None:
    store, changes = Store(), list[Change]()
    unsubscribe = store.listen(changes.append)
    first = store.put("configmaps", obj("one"))
    store.put("configmaps", obj("one", data={}))
    last = store.remove("configmaps", obj("one"))
    unsubscribe()
    store.put("configmaps", obj("two"))
    assert [change.type for change in changes] == ["ADDED", "MODIFIED", "DELETED"]
    assert [change.revision for change in changes] == [2, 3, 4]
    assert (first["metadata"]["resourceVersion"], last["metadata"]["resourceVersion"]) == ("2", "4")


def test_objects_are_listed_by_namespace_and_name() -> None:
    store = Store()
    for name, namespace in (("b", "a"), ("a", "b"), ("a", "a")):
        store.put("configmaps", obj(name, namespace))
    listed = [(item["metadata"]["namespace"], item["metadata"]["name"]) for item in store.list("configmaps")]
    assert listed == [("a", "a"), ("a", "b"), ("b", "a")]
    assert len(store.list("configmaps", "a")) == 2


def test_the_history_reaches_back_to_the_last_compaction() -> None:
    store = Store()
    store.put("configmaps", obj("one"))
    store.put("secrets", obj("two"))
    assert [change.new["metadata"]["name"] for change in store.changes_since("configmaps", 1)] == ["one"]
    store.compact()
    assert store.changes_since("configmaps", store.revision) == []
    with pytest.raises(ApiError) as caught:
        store.changes_since("configmaps", 1)
    assert caught.value.code == 410


def test_a_snapshot_contains_every_object_as_added() -> None:
    store = Store()
    store.put("configmaps", obj("one"))
    store.put("secrets", obj("two"))
    assert [(c.type, c.resource) for c in store.snapshot()] == [("ADDED", "configmaps"), ("ADDED", "secrets")]
