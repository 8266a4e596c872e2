"""Cleans up after executions: their Jobs, their own deletion, and Jobs whose execution is gone."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta

from kubernaut.admission.admission import Admission
from kubernaut.api.conditions import true_condition
from kubernaut.api.timestamps import now
from kubernaut.api.view import ExecutionView
from kubernaut.controller.job_control import JobControl
from kubernaut.controller.result import Done, ReconcileResult, RequeueAfter
from kubernaut.controller.state import DeletedPodCache, Finalize, ObservedState, is_active
from kubernaut.jobs.ownership import is_engine_job, uid_of
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import EXECUTIONS, Object

log = logging.getLogger(__name__)

_AWAITED_SECONDS = 2.0
"""After how long to look again whether those that wait for an expired execution have seen its end."""
_JOB_END_TIMEOUT = timedelta(seconds=30)
"""How long a Job may go on after its execution's end is recorded: usually it ends a second or two later."""


@dataclass(frozen=True, slots=True)
class Cleaner:
    """Deletes what is no longer needed."""

    cluster: Cluster
    jobs: JobControl
    admission: Admission
    deleted_pods: DeletedPodCache
    job_ttl_seconds: int
    """How long a Job stays after its execution's end is recorded."""

    async def finalize(self, ended: Finalize, state: ObservedState) -> ReconcileResult:
        """Release what an ended execution holds, let its Job go, and delete the execution once its own TTL has passed."""
        execution = ended.execution
        self.deleted_pods.forget(execution.uid)
        self.admission.release(execution.uid)
        waits = None
        if ended.job is not None and execution.job_name:
            waits = await self._delete_job(execution, ended.job)
        elif ended.job is not None:  # it was rejected or cancelled while an earlier create was on its way
            await self.jobs.delete(ended.job, "Foreground")
        await self.delete_leftovers(state)
        left = _seconds_until_expiry(execution)
        if left is None:
            return RequeueAfter(waits) if waits else Done()
        if left > 0:
            return RequeueAfter(min(left, waits or left))
        if self.admission.is_awaited(state.key):
            return RequeueAfter(_AWAITED_SECONDS)
        await self.cluster.delete(EXECUTIONS, execution.namespace, execution.name, uid=execution.uid)
        return Done()

    async def _delete_job(self, execution: ExecutionView, job: Object) -> float | None:
        """Delete the Job of an ended execution when its time has come, and return the seconds until then, if it has not.

        One that has not ended has less time: its pod may have a container of another system, which runs on, or the engine gave up
        while the Job goes on.
        """
        completed = execution.status.completion_time
        if completed is None:
            return None
        over = true_condition(job, "Complete") or true_condition(job, "Failed")
        limit = timedelta(seconds=self.job_ttl_seconds) if over else _JOB_END_TIMEOUT
        left = (completed + limit - now()).total_seconds()
        if left > 0:
            return left
        if not over:
            log.info(
                "deleting Job %s/%s: it goes on after the execution's end", execution.namespace, execution.job_name
            )
        await self.jobs.delete(job, "Background")
        return None

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
            self.admission.release_namesakes(state.key, uid)


def _seconds_until_expiry(execution: ExecutionView) -> float | None:
    """Return how long an ended execution may stay; None where the time of its end is unknown."""
    completed = execution.status.completion_time
    if completed is None:
        return None
    return (completed + timedelta(seconds=execution.ttl_seconds) - now()).total_seconds()
