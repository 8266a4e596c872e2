"""The pods of one execution, as far as this user is allowed to read pods.

Any user can put the engine's labels on a pod. Only pods of the execution's own Job are shown as its pods.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from kubernaut.api.labels import LABEL_UID
from kubernaut.api.view import ExecutionView
from kubernaut.jobs.ownership import is_pod_of
from kubernaut.kube.client import Cluster
from kubernaut.kube.follow import list_by_key, watch_collection
from kubernaut.kube.objects import PODS, Key, Object


async def own_pods(cluster: Cluster, execution: ExecutionView) -> list[Object]:
    """Return its present pods. Raises DeniedError if this user is not allowed to list pods."""
    found, _ = await list_by_key(cluster, PODS, execution.namespace, selector=_selector(execution))
    return list(_own(found, execution).values())


async def follow_own_pods(cluster: Cluster, execution: ExecutionView) -> AsyncIterator[dict[Key, Object]]:
    """Yield its pods now and after each change, without end."""
    async for found in watch_collection(cluster, PODS, execution.namespace, selector=_selector(execution)):
        yield _own(found, execution)


def _own(found: Mapping[Key, Object], execution: ExecutionView) -> dict[Key, Object]:
    return {key: pod for key, pod in found.items() if is_pod_of(pod, execution.name, execution.uid, None)}


def _selector(execution: ExecutionView) -> str:
    return f"{LABEL_UID}={execution.uid}"
