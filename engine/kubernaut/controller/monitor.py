"""Watches over executions whose Job exists: reports progress, recognizes the end, finds vanished Jobs, and cancels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kubernaut.api.conditions import make_condition, with_conditions
from kubernaut.api.execution import ExecutionStatus, Phase, Reason
from kubernaut.api.steps import EXECUTE
from kubernaut.api.timestamps import now
from kubernaut.api.view import ExecutionView
from kubernaut.controller.completion import CompletionWriter, lost
from kubernaut.controller.diagnostics import Diagnostics
from kubernaut.controller.job_control import JobControl
from kubernaut.controller.result import Done, ReconcileResult, RequeueAfter
from kubernaut.controller.state import Cancel, Monitor, RecoverJob, is_active
from kubernaut.controller.status import StatusWriter
from kubernaut.errors import NotFoundError
from kubernaut.jobs.attempts import Attempt
from kubernaut.jobs.diagnosis import Diagnosis, last_diagnosis
from kubernaut.jobs.outcome import Finished, InProgress, format_changes, is_conclusive, merged_result, observe
from kubernaut.jobs.ownership import is_job_of

_CONVERGENCE_RETRY_SECONDS = 0.5
_RECOVERY_RETRY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class JobMonitor:
    """Follows Jobs to their end."""

    jobs: JobControl
    status: StatusWriter
    completion: CompletionWriter
    diagnostics: Diagnostics

    async def follow(self, run: Monitor) -> ReconcileResult:
        """Record the end of a Job that has one; of any other, record what keeps its pod from starting."""
        if not is_conclusive(run.job, run.pods, now()):
            return RequeueAfter(_CONVERGENCE_RETRY_SECONDS)
        match await self.diagnostics.observe(run):
            case Finished() as finished:
                await self.completion.finish(run.execution, finished, run.pods, run.job)
                await self.jobs.set_ttl(run.job)
                return Done()
            case InProgress() as progress:
                return await self._report_progress(run, progress)

    async def recover(self, missing: RecoverJob) -> ReconcileResult:
        """Look for a Job that the cache does not have; one that is gone for good ends its execution as lost."""
        execution = missing.execution
        try:
            found = await self.jobs.get(execution.namespace, missing.job_name)
            if is_job_of(found, execution.name, execution.uid):
                self.jobs.accept(found)
                return RequeueAfter(_RECOVERY_RETRY_SECONDS)
        except NotFoundError:
            if any(is_active(pod) for pod in missing.pods):
                return Done()
        await self.completion.finish(execution, lost(execution, missing.pods), missing.pods, None)
        return Done()

    async def cancel(self, cancel: Cancel) -> ReconcileResult:
        """Delete the Job, and record the end once it is gone; a Job that has ended already ends as it did."""
        execution, job = cancel.execution, cancel.job
        if job is None:
            await self.completion.cancelled(execution, cancel.pods, None)
            return Done()
        observed = observe(job, cancel.pods, dry_run=execution.is_dry_run)
        if isinstance(observed, Finished) and "deletionTimestamp" not in job["metadata"]:
            return await self.follow(Monitor(execution, job, cancel.pods))
        await self._save_partial_result(execution, observed.attempts)
        await self.jobs.delete(job, "Foreground")
        return Done()

    async def _report_progress(self, run: Monitor, progress: InProgress) -> ReconcileResult:
        """Record what keeps the pod from running while it lasts, so that no one has to wait for the deadline, and that it is over."""
        checkup = await self.diagnostics.check(run, progress)
        if checkup.diagnosis:
            await self._record_diagnosis(run.execution, checkup.diagnosis)
        elif last_diagnosis(run.execution.status) and progress.attempts and progress.attempts[-1].has_started:
            await self._record_recovery(run.execution)
        return RequeueAfter(checkup.seconds) if checkup.seconds else Done()

    async def _record_diagnosis(self, execution: ExecutionView, diagnosis: Diagnosis) -> None:
        condition = make_condition("PodReady", False, diagnosis.reason, diagnosis.message)
        changes = ExecutionStatus(
            phase=Phase.RUNNING,
            reason=Reason.IMAGE_PULL_FAILED if diagnosis.is_image_pull else None,
            message=f"Pod is not starting: {diagnosis.message}.",
            conditions=with_conditions(execution.status.conditions, condition),
        )
        await self.status.write(execution, changes)

    async def _record_recovery(self, execution: ExecutionView) -> None:
        changes = ExecutionStatus(
            phase=Phase.RUNNING,
            reason=None,
            message=f"Job {execution.job_name} is running; the earlier problem is resolved.",
            conditions=with_conditions(execution.status.conditions, make_condition("PodReady", True, "Started")),
        )
        await self.status.write(execution, changes)

    async def _save_partial_result(self, execution: ExecutionView, attempts: Sequence[Attempt]) -> None:
        """Record what a step has reported so far, because its pod is about to be deleted."""
        partial = merged_result(tuple(attempts), EXECUTE)
        if execution.is_dry_run or not partial.changes:
            return
        changes = ExecutionStatus(
            phase=Phase.RUNNING,
            reason=None,
            message=f"It is being cancelled; it has changed {format_changes(partial.changes)}.",
            result=partial,
        )
        await self.status.write(execution, changes)
