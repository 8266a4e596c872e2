"""Deletion: what delays it, and what a later deletion changes."""

from __future__ import annotations

from typing import Any

import pytest

from kubernaut_sandbox.access.rbac import Authorizer
from kubernaut_sandbox.access.request_context import DeleteOptions, RequestContext
from kubernaut_sandbox.admission.chain import Admission
from kubernaut_sandbox.model.kinds import Kinds
from kubernaut_sandbox.model.store import Store
from kubernaut_sandbox.registry.deletion import Deleter
from kubernaut_sandbox.registry.registry import Registry


@pytest.fixture
def store() -> Store:
    """An empty store."""
    return Store()


@pytest.fixture
def deleter(store: Store) -> Deleter:
    """What deletes its objects."""
    kinds = Kinds()
    return Deleter(Registry(store, kinds, Admission(store, kinds, Authorizer(store))))


def delete(deleter: Deleter, store: Store, resource: str, **options: Any) -> dict[str, Any] | None:
    """Delete the object `one`; return its metadata while it stays."""
    deleter.delete(RequestContext(), Kinds().by_resource(resource), "a", "one", DeleteOptions(**options))
    found = store.get(resource, "a", "one")
    return found["metadata"] if found else None


def put(store: Store, resource: str, metadata: dict[str, Any] | None = None, **fields: Any) -> None:
    """Store the object `one`."""
    store.put(resource, {"metadata": {"name": "one", "namespace": "a", **(metadata or {})}, **fields})


def test_an_object_without_finalizers_is_removed_at_once(deleter: Deleter, store: Store) -> None:
    put(store, "configmaps")
    assert delete(deleter, store, "configmaps") is None


@pytest.mark.parametrize(
    ("policy", "finalizers"),
    [("Foreground", ["foregroundDeletion"]), ("Orphan", ["orphan"]), ("Background", None), ("", ["orphan"])],
)
def test_the_propagation_policy_of_a_job_becomes_a_finalizer(
    deleter: Deleter, store: Store, policy: str, finalizers: list[str] | None
) -> None:
    put(store, "jobs.batch")
    metadata = delete(deleter, store, "jobs.batch", propagation=policy)
    assert (metadata and metadata["finalizers"]) == finalizers


@pytest.mark.parametrize(
    ("spec", "phase", "requested", "grace"),
    [
        pytest.param({"nodeName": "n", "terminationGracePeriodSeconds": 5}, "Running", None, 5, id="its own"),
        pytest.param({"nodeName": "n"}, "Running", None, 30, id="the default"),
        pytest.param({"nodeName": "n"}, "Running", 7, 7, id="the requested one"),
        pytest.param({"nodeName": "n"}, "Succeeded", 7, None, id="none for a finished pod"),
        pytest.param({}, "Pending", 7, None, id="none for a pod without a node"),
    ],
)
def test_a_pod_has_a_grace_period_while_it_runs(
    deleter: Deleter, store: Store, spec: dict[str, Any], phase: str, requested: int | None, grace: int | None
) -> None:
    put(store, "pods", spec=spec, status={"phase": phase})
    metadata = delete(deleter, store, "pods", grace_seconds=requested)
    assert (metadata and metadata["deletionGracePeriodSeconds"]) == grace


def test_a_later_deletion_can_only_shorten_the_grace_period(deleter: Deleter, store: Store) -> None:
    put(store, "pods", spec={"nodeName": "n"}, status={"phase": "Running"})
    graces = []
    for requested in (20, None, 60, 5):
        metadata = delete(deleter, store, "pods", grace_seconds=requested)
        assert metadata
        graces.append(metadata["deletionGracePeriodSeconds"])
    assert graces == [20, 20, 20, 5]
    assert delete(deleter, store, "pods", grace_seconds=0) is None
