"""Watches over executions whose Job exists: reports progress, recognizes the end, finds vanished Jobs, and cancels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from kubernaut.api.conditions import make_condition, with_conditions
from kubernaut.api.execution import ExecutionStatus, Phase, Reason
from kubernaut.api.plugin import Result
from kubernaut.api.timestamps import now, parse_time
from kubernaut.api.view import ExecutionView
from kubernaut.controller.attempt_reader import AttemptReader
from kubernaut.controller.completion import CompletionWriter, lost, stopped_at_deadline
from kubernaut.controller.diagnostics import Diagnostics
from kubernaut.controller.job_control import JobControl
from kubernaut.controller.pod_reader import PodReader
from kubernaut.controller.result import Done, ReconcileResult, RequeueAfter
from kubernaut.controller.state import Cancel, Monitor, RecoverJob, is_active
from kubernaut.controller.status import StatusWriter
from kubernaut.errors import NotFoundError
from kubernaut.jobs.attempts import Attempt
from kubernaut.jobs.diagnosis import Diagnosis, last_diagnosis
from kubernaut.jobs.outcome import Finished, InProgress, is_conclusive, is_explained, observe
from kubernaut.jobs.ownership import is_job_of
from kubernaut.jobs.side_effects import side_effects
from kubernaut.kube.objects import Object

_CONVERGENCE_RETRY_SECONDS = 0.5
_RECOVERY_RETRY_SECONDS = 1.0
_DEADLINE_GRACE = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class JobMonitor:
    """Follows Jobs to their end."""

    jobs: JobControl
    pods: PodReader
    status: StatusWriter
    completion: CompletionWriter
    diagnostics: Diagnostics
    attempts: AttemptReader

    async def follow(self, run: Monitor) -> ReconcileResult:
        """Record the end of a Job that has one; of any other, record what keeps its pod from starting."""
        if not is_explained(run.job, run.pods):
            run = replace(run, pods=await self.pods.read(run.execution, run.job, run.pods))
            if not is_conclusive(run.job, run.pods, now()):
                return RequeueAfter(_CONVERGENCE_RETRY_SECONDS)
        attempts = await self.attempts.read(run.execution, run.pods)
        observed = await self.diagnostics.observe(run, attempts)
        is_stopped = isinstance(observed, InProgress) or "deletionTimestamp" in run.job["metadata"]
        if _is_refused(run.execution) and is_stopped:
            await self.jobs.delete(run.job, "Foreground")
            return Done()
        match observed:
            case Finished() as finished:
                await self.completion.finish(run.execution, finished, run.pods, run.job)
                return Done()
            case InProgress() as progress:
                left = seconds_left(run.job, now())
                if left is not None and left <= 0:
                    left = seconds_left(run.job, await self.diagnostics.cluster.server_time())
                if left is not None and left <= 0:
                    return await self._stop_at_deadline(run, progress)
                run = replace(run, execution=await self._record_failed_attempts(run.execution, progress))
                seconds = [await self._report_progress(run, progress), progress.seconds, left]
                return _earliest(seconds)

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
        diagnosis = last_diagnosis(execution.status)
        pods = await self.pods.read(execution, None, missing.pods)
        attempts = await self.attempts.read(execution, pods)
        if diagnosis and diagnosis.reason == Reason.DEADLINE_EXCEEDED:
            end = stopped_at_deadline(execution, diagnosis, attempts)
        else:
            end = lost(execution, attempts)
        await self.completion.finish(execution, end, pods, None)
        return Done()

    async def cancel(self, cancel: Cancel) -> ReconcileResult:
        """Delete the Job, and record the end once it is gone; a Job that has ended already ends as it did."""
        execution, job = cancel.execution, cancel.job
        attempts = await self.attempts.read(execution, cancel.pods)
        if job is None:
            await self.completion.cancelled(execution, attempts, cancel.pods)
            return Done()
        observed = observe(job, attempts, dry_run=execution.is_dry_run)
        if isinstance(observed, Finished) and "deletionTimestamp" not in job["metadata"]:
            return await self.follow(Monitor(execution, job, cancel.pods))
        await self._save_before_deletion(execution, job, observed.attempts)
        await self.jobs.delete(job, "Foreground")
        return Done()

    async def _stop_at_deadline(self, run: Monitor, progress: InProgress) -> ReconcileResult:
        """Delete a Job whose deadline has passed by the execution's clock, whatever the Job's own says; `recover` then records the end.

        A Job that was suspended starts its clock again when it is resumed, and one that is suspended has none.
        """
        execution, job = run.execution, run.job
        recorded = last_diagnosis(execution.status)
        if recorded is None or recorded.reason != Reason.DEADLINE_EXCEEDED:
            cause = f": {recorded.message}" if recorded else ""
            message = (
                f"Deadline of {job['spec'].get('activeDeadlineSeconds')} s exceeded, and the Job had not ended{cause}"
            )
            condition = make_condition("PodReady", False, Reason.DEADLINE_EXCEEDED, message)
            changes = ExecutionStatus(
                phase=Phase.RUNNING,
                reason=None,
                message=f"It is being stopped: {message}.",
                conditions=with_conditions(execution.status.conditions, condition),
                result=_partial_result(execution, progress.attempts),
            )
            await self.status.write(execution, changes)
        await self.jobs.delete(job, "Foreground")
        return Done()

    async def _report_progress(self, run: Monitor, progress: InProgress) -> float | None:
        """Record what keeps the pod from running while it lasts, so that no one has to wait for the deadline, and that it is over.

        Return the seconds until it is to be checked again, if at all.
        """
        checkup = await self.diagnostics.check(run, progress)
        if checkup.diagnosis:
            await self._record_diagnosis(run.execution, checkup.diagnosis)
        elif last_diagnosis(run.execution.status) and progress.attempts and progress.attempts[-1].has_started:
            await self._record_recovery(run.execution)
        return checkup.seconds

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

    async def _save_before_deletion(self, execution: ExecutionView, job: Object, attempts: Sequence[Attempt]) -> None:
        """Record the Job, if that was not done yet, and what a step has reported so far, because its pod is about to be deleted."""
        partial = _partial_result(execution, attempts)
        if partial is None and execution.job_name:
            return
        message = f"It is being cancelled. {side_effects(attempts, execution.status.result).after_failure()}"
        name = execution.job_name or job["metadata"]["name"]
        changes = ExecutionStatus(
            phase=Phase.RUNNING,
            reason=None,
            message=message,
            job_name=name,
            result=partial or execution.status.result,
        )
        await self.status.write(execution, changes)

    async def _record_failed_attempts(self, execution: ExecutionView, progress: InProgress) -> ExecutionView:
        """Record what the attempts before the present one changed, because their pods may be gone before the execution ends."""
        over = progress.attempts[:-1]
        partial = _partial_result(execution, over)
        if partial is None:
            return execution
        message = f"Attempt {len(over)} failed, and the Job tries again. {side_effects(over, partial).after_failure()}"
        changes = ExecutionStatus(phase=Phase.RUNNING, reason=None, message=message, result=partial)
        return execution if partial == execution.status.result else await self.status.write(execution, changes)


def _is_refused(execution: ExecutionView) -> bool:
    """Whether its Job was found although it may not run: it is stopped, and what it did until then is recorded once it is gone."""
    validated = execution.status.condition("Validated")
    return validated is not None and validated.status == "False"


def _partial_result(execution: ExecutionView, attempts: Sequence[Attempt]) -> Result | None:
    """Return what these attempts changed, or may have, with what is recorded already; None where there is nothing to record."""
    if execution.is_dry_run:
        return None
    found = side_effects(attempts, execution.status.result).result
    return found if found.changes or found.unconfirmed else None


def seconds_left(job: Object, time: datetime) -> float | None:
    """Return how long a Job may still run, from its creation to its deadline; None where either is unknown.

    The Job's own verdict comes first, as it knows the cause: this deadline counts some seconds later. Nothing is stopped on the word of
    this machine's clock alone, which may be wrong by hours: the API server, whose clock wrote the Job's creation, is asked for its time.
    """
    created, limit = parse_time(job["metadata"].get("creationTimestamp")), job["spec"].get("activeDeadlineSeconds")
    if created is None or limit is None:
        return None
    return (created + timedelta(seconds=limit) + _DEADLINE_GRACE - time).total_seconds()


def _earliest(seconds: Iterable[float | None]) -> ReconcileResult:
    known = [one for one in seconds if one]
    return RequeueAfter(min(known)) if known else Done()
