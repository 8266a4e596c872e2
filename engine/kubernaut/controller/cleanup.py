"""Cleans up after executions: the TTL of their Jobs, their own deletion, and Jobs whose execution is gone."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta

from kubernaut.admission.admission import Admission
from kubernaut.api.timestamps import now
from kubernaut.api.view import ExecutionView
from kubernaut.controller.job_control import JobControl
from kubernaut.controller.result import Done, ReconcileResult, RequeueAfter
from kubernaut.controller.state import DeletedPodCache, Finalize, ObservedState, is_active
from kubernaut.jobs.ownership import is_engine_job, uid_of
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import EXECUTIONS

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Cleaner:
    """Deletes what is no longer needed."""

    cluster: Cluster
    jobs: JobControl
    admission: Admission
    deleted_pods: DeletedPodCache

    async def finalize(self, ended: Finalize, state: ObservedState) -> ReconcileResult:
        """Release what an ended execution holds, let its Job go, and delete the execution once its own TTL has passed."""
        execution = ended.execution
        self.deleted_pods.forget(execution.uid)
        self.admission.release(execution.uid)
        if ended.job is not None and execution.job_name:
            await self.jobs.set_ttl(ended.job)
        elif ended.job is not None:  # it was rejected or cancelled while an earlier create was on its way
            await self.jobs.delete(ended.job, "Foreground")
        await self.delete_leftovers(state)
        left = _seconds_until_expiry(execution)
        if left is None:
            return Done()
        if left > 0:
            return RequeueAfter(left)
        await self.cluster.delete(EXECUTIONS, execution.namespace, execution.name, uid=execution.uid)
        return Done()

    async def delete_leftovers(self, state: ObservedState) -> None:
        """Delete the Jobs of earlier executions of this name, which follow by ownerReference or here; then their target is free."""
        orphans = [job for job in state.leftovers.jobs if is_engine_job(job)]
        for job in orphans:
            log.info("deleting Job %s/%s: its execution is gone", state.key.namespace, job["metadata"]["name"])
            await self.jobs.delete(job, "Background")
        for pod in state.leftovers.pods:
            self.deleted_pods.forget(uid_of(pod.json))
        if not orphans and not any(is_active(pod) for pod in state.leftovers.pods):
            uid = state.execution.uid if state.execution else ""
            self.admission.release_predecessors(state.key, uid)


def _seconds_until_expiry(execution: ExecutionView) -> float | None:
    """Return how long an ended execution may stay; None where the time of its end is unknown."""
    completed = execution.status.completion_time
    if completed is None:
        return None
    return (completed + timedelta(seconds=execution.ttl_seconds) - now()).total_seconds()
