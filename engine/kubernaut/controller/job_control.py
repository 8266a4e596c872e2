"""Creates, reads and deletes the Jobs of executions: the only requests that the engine makes about Jobs, beside its watch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kubernaut.errors import DeniedError
from kubernaut.kube.client import Cluster
from kubernaut.kube.informer import Informer
from kubernaut.kube.objects import JOBS, Object

Propagation = Literal["Background", "Foreground"]


@dataclass(frozen=True, slots=True)
class JobControl:
    """Requests about Jobs; their answers go into the cache at once."""

    cluster: Cluster
    cache: Informer

    async def create(self, manifest: Object) -> Object:
        """Create a Job and return it. Raises ExistsError where there is one of that name.

        A denial by RBAC counts only from an API server that is ready, as one that has just started denies everything.
        """
        namespace = manifest["metadata"]["namespace"]
        try:
            job = await self.cluster.create(JOBS, namespace, manifest)
        except DeniedError as error:
            if error.by_policy:
                raise
            await self.cluster.ready()
            job = await self.cluster.create(JOBS, namespace, manifest)
        return self.accept(job)

    async def get(self, namespace: str, name: str) -> Object:
        """Read a Job from the API server, without the cache. Raises NotFoundError."""
        return await self.cluster.get(JOBS, namespace, name)

    def accept(self, job: Object) -> Object:
        """Store a Job in the cache, and return it as the cache keeps it."""
        return self.cache.accept(job).json

    async def delete(self, job: Object, propagation: Propagation) -> None:
        """Delete a Job, unless that has been requested already."""
        metadata = job["metadata"]
        if "deletionTimestamp" not in metadata:
            await self.cluster.delete(
                JOBS, metadata["namespace"], metadata["name"], uid=metadata["uid"], propagation=propagation
            )
