"""The rules of every update."""

from __future__ import annotations

from typing import Any

import pytest

from kubernaut_sandbox.model.kinds import Kinds
from kubernaut_sandbox.model.statuses import ApiError
from kubernaut_sandbox.registry.updates import check_update, is_removable, merge_update

_JOB, _LEASE = Kinds().by_resource("jobs.batch"), Kinds().by_resource("leases.coordination.k8s.io")
_OLD = {
    "metadata": {"name": "one", "namespace": "a", "uid": "1", "resourceVersion": "5", "labels": {"a": "1"}},
    "spec": {"x": 1},
    "status": {"y": 1},
}


def new(**metadata: Any) -> dict[str, Any]:
    """A new state of the object."""
    return {"metadata": {"name": "one", "resourceVersion": "5", **metadata}, "spec": {"x": 2}, "status": {"y": 2}}


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        ({"name": "two"}, 400),
        ({"namespace": "b"}, 400),
        ({"uid": "2"}, 409),
        ({"resourceVersion": "4"}, 409),
        ({"resourceVersion": None}, 422),
    ],
    ids=["another name", "another namespace", "another uid", "an old version", "no version"],
)
def test_an_update_of_another_object_or_version_is_an_error(metadata: dict[str, Any], code: int) -> None:
    check_update(_LEASE, _OLD, new())
    with pytest.raises(ApiError) as caught:
        check_update(_LEASE, _OLD, new(**metadata))
    assert caught.value.code == code


def test_an_object_that_is_being_deleted_gets_no_new_finalizers() -> None:
    old = {**_OLD, "metadata": {**_OLD["metadata"], "deletionTimestamp": "now", "finalizers": ["a.io/x"]}}
    check_update(_JOB, old, new(finalizers=[]))
    with pytest.raises(ApiError, match="no new finalizers can be added"):
        check_update(_JOB, old, new(finalizers=["a.io/x", "a.io/y"]))


@pytest.mark.parametrize(
    ("subresource", "spec", "status"),
    [("", {"x": 2}, {"y": 1}), ("status", {"x": 1}, {"y": 2})],
    ids=["main", "status"],
)
def test_each_subresource_writes_its_own_part(subresource: str, spec: dict[str, int], status: dict[str, int]) -> None:
    merged = merge_update(_JOB, _OLD, new(uid="9", labels={"a": "2"}), subresource)
    assert (merged["spec"], merged["status"]) == (spec, status)
    assert (merged["metadata"]["uid"], merged["metadata"]["labels"]) == ("1", {"a": "2"})


@pytest.mark.parametrize(
    ("metadata", "removable"),
    [
        ({}, False),
        ({"deletionTimestamp": "now"}, True),
        ({"deletionTimestamp": "now", "finalizers": ["a.io/x"]}, False),
        ({"deletionTimestamp": "now", "deletionGracePeriodSeconds": 30}, False),
    ],
    ids=["not deleted", "deleted", "with a finalizer", "with a grace period"],
)
def test_a_deleted_object_is_removable_when_nothing_delays_it(metadata: dict[str, Any], removable: bool) -> None:
    assert is_removable(_JOB, {"metadata": metadata}) is removable
