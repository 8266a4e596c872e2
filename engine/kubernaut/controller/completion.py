"""Writes the final status of an execution once, with its result and its rollback, and then releases what it holds.

`on_complete` is called just before the end is written, so that its rollback is part of the same write; whatever the hook does, the end is
written.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from kubernaut.admission.admission import Admission
from kubernaut.admission.decisions import Rejected
from kubernaut.api.conditions import make_condition, with_conditions
from kubernaut.api.execution import Condition, ConditionType, ExecutionStatus, Phase, Reason
from kubernaut.api.plugin import Result
from kubernaut.api.stages import Stage
from kubernaut.api.steps import DRY_RUN, EXECUTE
from kubernaut.api.timestamps import now, parse_time
from kubernaut.api.view import ExecutionView
from kubernaut.controller.diagnostics import Diagnostics
from kubernaut.controller.plans import Plans
from kubernaut.controller.reporter import ExecutionReporter
from kubernaut.controller.rollbacks import RollbackFinder
from kubernaut.controller.status import StatusWriter
from kubernaut.errors import RejectedError
from kubernaut.jobs.attempts import Attempt
from kubernaut.jobs.diagnosis import Diagnosis
from kubernaut.jobs.outcome import Finished
from kubernaut.jobs.side_effects import format_changes, side_effects
from kubernaut.jobs.stages import attempt_stages
from kubernaut.jobs.termination import shorten
from kubernaut.kube.objects import CachedObject, Object
from kubernaut.telemetry.stage_recorder import recording, stage
from kubernaut.telemetry.stages import close_wait
from kubernaut.telemetry.trace_context import trace_context

log = logging.getLogger(__name__)

_MAX_MESSAGE_LENGTH = 2000
_MAX_CONDITION_MESSAGE_LENGTH = 500


@dataclass(frozen=True, slots=True)
class CompletionWriter:
    """Ends executions."""

    status: StatusWriter
    reporter: ExecutionReporter
    admission: Admission
    rollbacks: RollbackFinder
    diagnostics: Diagnostics
    plans: Plans

    async def reject(self, execution: ExecutionView, rejected: Rejected, stages: Sequence[Stage]) -> None:
        """End an execution that never ran."""
        time = now()
        reason = "ChecksPassed" if rejected.is_admitted else rejected.reason
        message = "" if rejected.is_admitted else shorten(rejected.message, _MAX_CONDITION_MESSAGE_LENGTH)
        validated = make_condition("Validated", rejected.is_admitted, reason, message)
        changes = ExecutionStatus(
            phase=rejected.reason.phase,
            reason=rejected.reason,
            message=shorten(rejected.message, _MAX_MESSAGE_LENGTH),
            target=rejected.target or execution.status.target,
            start_time=execution.status.start_time or time,
            completion_time=time,
            attempts=0,
            conditions=with_conditions(execution.status.conditions, validated),
            requested_by=execution.requested_by or None,
            blocked_by=None,
            held_since=None,
            stages=tuple(stages),
            traceparent=str(trace_context(execution)),
        )
        await self._write(execution, changes)

    async def finish(
        self, execution: ExecutionView, finished: Finished, pods: Sequence[CachedObject], job: Object | None
    ) -> None:
        """End an execution that had a Job; `job` is None if it is gone."""
        with recording() as recorded, stage("record"):
            finished = await self.plans.judge(execution, finished)
            result = await self.rollbacks.add_to(execution, finished.result)
            digest = await self.plans.digest(execution, finished)
        try:
            stages = await self._stages(execution, finished.attempts, pods, job, recorded.entries[0].started)
            changes = ExecutionStatus(
                phase=finished.phase,
                reason=finished.reason,
                message=_end_message(finished.message, result),
                blocked_by=None,
                completion_time=now(),
                attempts=sum(attempt.has_started for attempt in finished.attempts),
                conditions=with_conditions(execution.status.conditions, *_step_conditions(finished)),
                result=result,
                plan_digest=digest,
                log_tail=finished.log_tail or None,
                stages=(*stages, *recorded.stages()),
                traceparent=str(trace_context(execution)),
            )
            await self._write(execution, changes)
        except (RejectedError, ValueError, TypeError, OverflowError) as error:
            # The API server rejects the full status: write a minimal one. A pod's report must never keep its execution from ending.
            log.warning("the result of %s cannot be recorded: %s", execution.name, error)
            message = f"{finished.message} (Its result could not be recorded: {shorten(str(error), 200)})"
            minimal = ExecutionStatus(
                phase=finished.phase,
                reason=finished.reason,
                message=shorten(message, _MAX_MESSAGE_LENGTH),
                completion_time=now(),
                traceparent=str(trace_context(execution)),
            )
            await self._write(execution, minimal)

    async def cancelled(
        self, execution: ExecutionView, attempts: tuple[Attempt, ...], pods: Sequence[CachedObject]
    ) -> None:
        """End an execution that was cancelled and whose Job is gone, or never existed."""
        time = now()
        stages = await self._stages(execution, attempts, pods, None, time)
        result = side_effects(attempts, execution.status.result).result
        result = await self.rollbacks.add_to(execution, result)
        requested = execution.first_seen.get("cancel")
        if requested:  # by an engine that saw it
            stages.append(Stage(name="cancel", start_time=requested, end_time=time))
        changes = ExecutionStatus(
            phase=Phase.CANCELLED,
            reason=Reason.CANCEL_REQUESTED,
            message=_end_message(_cancelled_message(execution, attempts), result),
            blocked_by=None,
            completion_time=time,
            result=None if result == Result() else result,
            stages=tuple(stages),
            traceparent=str(trace_context(execution)),
        )
        await self._write(execution, changes)

    async def _write(self, execution: ExecutionView, changes: ExecutionStatus) -> None:
        written = await self.status.write(execution, changes)
        self.reporter.finished(written)
        self.admission.release(execution.uid)

    async def _stages(
        self,
        execution: ExecutionView,
        attempts: tuple[Attempt, ...],
        pods: Sequence[CachedObject],
        job: Object | None,
        noticed: datetime,
    ) -> list[Stage]:
        """Return the recorded stages, those of the attempts, and how long the cluster took to report the end that was `noticed` then."""
        recorded = close_wait(execution, noticed)
        since = max((stage.end_time for stage in recorded if stage.end_time), default=None)
        if since is None and job:
            since = parse_time(job["metadata"]["creationTimestamp"])
        pulls = await self.diagnostics.image_pulls(pods, attempts, since)
        stages = [*recorded, *attempt_stages(attempts, since, noticed, pulls)]
        last = next((stage for stage in reversed(stages) if stage.name == "attempt"), None)
        if last and last.end_time and last.end_time < noticed:
            stages.append(Stage(name="notice", start_time=last.end_time, end_time=noticed))
        return stages


def _end_message(message: str, result: Result) -> str:
    """Return the message, bounded, and with what was not believed of the pods' reports."""
    if result.disbelieved:
        message = (
            f"{message} Its pods also reported {result.disbelieved} changes that it was not asked for; they are not recorded. "
            "Its image may be compromised, or its plugin declares too few fields."
        )
    return shorten(message, _MAX_MESSAGE_LENGTH)


def lost(execution: ExecutionView, attempts: tuple[Attempt, ...]) -> Finished:
    """Return the end of an execution whose Job vanished, with what its pods still show."""
    result = side_effects(attempts, execution.status.result).result
    if result.changes:
        known = f"it had changed {format_changes(result.changes)}"
    elif result.unconfirmed:
        known = f"it may have changed {format_changes(result.unconfirmed)}"
    else:
        known = "what it changed is unknown"
    validated = execution.status.condition("Validated")
    if validated and validated.status == "False":
        message = f"Job {execution.job_name} was stopped; {known}: check {execution.status.target}. It may not run: {validated.message}"
        reason = next((one for one in Reason if one == validated.reason), Reason.LOST)
        return Finished(Phase.FAILED, reason, message, result, attempts)
    message = f"Job {execution.job_name} was deleted before its end was seen; {known}: check {execution.status.target}."
    return Finished(Phase.FAILED, Reason.LOST, message, result, attempts)


def stopped_at_deadline(execution: ExecutionView, diagnosis: Diagnosis, attempts: tuple[Attempt, ...]) -> Finished:
    """Return the end of an execution whose Job the engine deleted at the execution's own deadline."""
    recorded = execution.status.result
    effects = side_effects(attempts, recorded)
    left = effects.after_failure() if attempts or recorded else "Nothing was changed."
    return Finished(Phase.FAILED, Reason.DEADLINE_EXCEEDED, f"{diagnosis.message}. {left}", effects.result, attempts)


def _cancelled_message(execution: ExecutionView, attempts: tuple[Attempt, ...]) -> str:
    """Return what was stopped, and what it leaves behind, as far as is known."""
    if not execution.job_name:
        return "It was cancelled before it started. Nothing was changed."
    return f"It was cancelled on request. {side_effects(attempts, execution.status.result).after_failure()}"


def _step_conditions(finished: Finished) -> list[Condition]:
    """Return how far the last attempt got, each with what its step concluded."""
    conditions: list[Condition] = []
    last = finished.attempts[-1] if finished.attempts else None
    if last is None:
        return conditions
    steps: tuple[tuple[str, ConditionType], ...] = ((DRY_RUN, "DryRunPassed"), (EXECUTE, "Executed"))
    for step, kind in steps:
        run = last.step(step)
        if run and run.exit_code is not None:
            passed = run.exit_code == 0
            reason = run.termination_reason or ("Completed" if passed else "Error")
            message = shorten(run.report.message, _MAX_CONDITION_MESSAGE_LENGTH) if run.report else ""
            conditions.append(make_condition(kind, passed, reason, message))
            if step == EXECUTE and run.report and run.report.verified:
                conditions.append(make_condition("Verified", True, "EffectSeen"))
    return conditions
