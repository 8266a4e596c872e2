"""Fills an embedded cluster with objects, and waits until they have become what they say: pods that run, claims that are bound.

An object that is listed twice is created as it is first, and replaced once it is ready: so a Deployment gets two revisions.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from kubernaut.errors import InputError
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import Object, Resource, resource_of
from kubernaut_sandbox import ApiError, Sandbox

READY_SECONDS = 15.0
"""How long a workload is waited for: one that never becomes ready, such as one whose image does not exist, may be there on purpose."""
_PAUSE_SECONDS = 0.03
_MAX_TURNS = 1000
"""Of the event loop, which the sandbox shares: its controllers need a few."""


async def populate(sandbox: Sandbox, admin: Cluster, objects: Iterable[Mapping[str, Any]]) -> list[Object]:
    """Create the objects, and return those that are still to become ready. Raises InputError for one that the API server rejects."""
    latest: list[Object] = []
    for one_round in rounds(objects):
        await wait_until_ready(admin, latest)
        for obj in one_round:
            try:
                await sandbox.apply([obj])
            except ApiError as error:
                raise InputError(
                    f"{obj['kind']} {obj['metadata'].get('name', '')}: the API server rejects it: {error}"
                ) from error
            if obj["kind"] == "Namespace":
                await _default_account(sandbox, obj["metadata"]["name"])
        latest = one_round
    return latest


async def _default_account(sandbox: Sandbox, namespace: str) -> None:
    """Wait for the ServiceAccount of a new namespace: without it no pod is created, and controllers retry only after half a second."""
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": namespace}}
    for _ in range(_MAX_TURNS):
        if sandbox.has(account):
            return
        await asyncio.sleep(0)


async def wait_until_ready(admin: Cluster, objects: Iterable[Object], seconds: float = READY_SECONDS) -> None:
    """Wait until all workloads, pods and claims among the objects are ready, but no longer than this."""
    waiting = [(*_KINDS[obj["kind"]], obj["metadata"]) for obj in objects if obj["kind"] in _KINDS]
    try:
        async with asyncio.timeout(seconds):
            for resource, is_ready, metadata in waiting:
                namespace = metadata.get("namespace", "default")
                while not is_ready(await admin.get(resource, namespace, metadata["name"])):  # noqa: ASYNC110 - in another process
                    await asyncio.sleep(_PAUSE_SECONDS)
    except TimeoutError:
        return


def rounds(objects: Iterable[Mapping[str, Any]]) -> Iterator[list[Object]]:
    """Yield the objects in the order in which they are listed; each list has an object once."""
    current: dict[tuple[str, str, str], Object] = {}
    for obj in objects:
        metadata = obj["metadata"]
        key = (obj["kind"], metadata.get("namespace", ""), metadata["name"])
        if key in current:
            yield list(current.values())
            current = {}
        current[key] = dict(obj)
    yield list(current.values())


def _is_rolled_out(workload: Object) -> bool:
    status, wanted = workload.get("status", {}), workload["spec"].get("replicas", 1)
    counts = {status.get(key, 0) for key in ("replicas", "updatedReplicas", "readyReplicas")}
    return _is_observed(workload) and counts == {wanted}


def _is_on_every_node(daemon_set: Object) -> bool:
    status = daemon_set.get("status", {})
    wanted = status.get("desiredNumberScheduled", 0)
    return _is_observed(daemon_set) and status.get("updatedNumberScheduled") == status.get("numberReady") == wanted > 0


def _is_observed(workload: Object) -> bool:
    return bool(workload.get("status", {}).get("observedGeneration", 0) >= workload["metadata"].get("generation", 0))


def _is_started(pod: Object) -> bool:
    """Whether it is ready, or, if it is not to be restarted, has ended."""
    phase = pod.get("status", {}).get("phase")
    if pod["spec"].get("restartPolicy") != "Always":
        return phase in {"Succeeded", "Failed"}
    conditions = pod.get("status", {}).get("conditions") or ()
    return any((condition["type"], condition["status"]) == ("Ready", "True") for condition in conditions)


def _is_bound(claim: Object) -> bool:
    return bool(claim.get("status", {}).get("phase") == "Bound")


_KINDS: Mapping[str, tuple[Resource, Callable[[Object], bool]]] = {
    "Deployment": (resource_of("apps/v1/deployments"), _is_rolled_out),
    "StatefulSet": (resource_of("apps/v1/statefulsets"), _is_rolled_out),
    "DaemonSet": (resource_of("apps/v1/daemonsets"), _is_on_every_node),
    "Pod": (resource_of("v1/pods"), _is_started),
    "PersistentVolumeClaim": (resource_of("v1/persistentvolumeclaims"), _is_bound),
}
