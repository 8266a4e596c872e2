"""The pods of one execution, as far as this user may read pods.

Anybody may put our labels on a pod of theirs: what is shown as the execution's comes from pods of its own Job alone.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from kubernaut.api.labels import LABEL_UID
from kubernaut.jobs.ownership import is_pod_of
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import PODS, Key, Object
from kubernaut.kube.watch import list_by_key, watch_collection


async def own_pods(cluster: Cluster, obj: Mapping[str, Any]) -> list[Object]:
    """Those there are now; raises DeniedError where this user may not list pods."""
    found, _ = await list_by_key(cluster, PODS, obj["metadata"]["namespace"], selector=_selector(obj))
    return list(_own(found, obj).values())


async def follow_own_pods(cluster: Cluster, obj: Mapping[str, Any]) -> AsyncIterator[dict[Key, Object]]:
    """Those there are now, and after each change, without end."""
    async for found in watch_collection(cluster, PODS, obj["metadata"]["namespace"], selector=_selector(obj)):
        yield _own(found, obj)


def _own(found: Mapping[Key, Object], obj: Mapping[str, Any]) -> dict[Key, Object]:
    return {
        key: pod for key, pod in found.items() if is_pod_of(pod, obj["metadata"]["name"], obj["metadata"]["uid"], None)
    }


def _selector(obj: Mapping[str, Any]) -> str:
    return f"{LABEL_UID}={obj['metadata']['uid']}"
