"""Reads an execution's pods from the API server, where the watch of pods has not told enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from kubernaut.api.labels import LABEL_UID
from kubernaut.api.view import ExecutionView
from kubernaut.controller.transforms import trim_pod
from kubernaut.jobs.ownership import is_pod_of
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import PODS, CachedObject, Object


@dataclass(frozen=True, slots=True)
class PodReader:
    """Lists pods. The cache stays the watch's alone: a pod put there from a list could have been deleted meanwhile, and would stay."""

    cluster: Cluster

    async def read(
        self, execution: ExecutionView, job: Object | None, known: Sequence[CachedObject]
    ) -> list[CachedObject]:
        """Return the pods that the API server has now, and those of the known ones that it has no more, as they were last seen."""
        found = await self.cluster.list_all(PODS, execution.namespace, selector=f"{LABEL_UID}={execution.uid}")
        by_uid = {pod.json["metadata"]["uid"]: pod for pod in known}
        for pod in found.items:
            if is_pod_of(pod, execution.name, execution.uid, job):
                uid = pod["metadata"]["uid"]
                seen = by_uid.get(uid, CachedObject({}))
                by_uid[uid] = replace(seen, json=trim_pod(pod), deleted=False)
        return list(by_uid.values())
