"""The stages of an execution in progress: from its status, and from its pods if the user is allowed to read them.

Status has the stages before the Job and, after the end, all of them; while the Job runs, only its pods show how far it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from kubernaut.api.execution import Phase
from kubernaut.api.plugin import Change
from kubernaut.api.stages import Stage
from kubernaut.api.steps import DRY_RUN, EXECUTE
from kubernaut.api.view import ExecutionView
from kubernaut.jobs.attempts import Attempt, read_attempts
from kubernaut.jobs.step_runs import StepRun
from kubernaut.kube.objects import CachedObject, Object


@dataclass(frozen=True, slots=True)
class StageLine:
    """One stage as it is shown."""

    name: str
    state: Literal["done", "failed", "running", "waiting"]
    seconds: float = 0.0
    detail: str = ""

    @property
    def is_current(self) -> bool:
        """Whether the stage has not ended."""
        return self.state in {"running", "waiting"}


def stage_lines(execution: ExecutionView, pods: Sequence[Object] | None) -> list[StageLine]:
    """Return the stages so far, in order; only the last one can be current. `pods` is None if they cannot be read."""
    status = execution.status
    recorded = [_recorded(stage) for stage in shown_stages(status.stages)]
    if execution.has_ended or any(line.is_current for line in recorded):
        return recorded
    if status.phase is Phase.PENDING:
        return [*recorded, StageLine(status.reason or "created", "waiting", detail=status.message or "")]
    if pods is None:
        return [*recorded, StageLine("run", "running", detail=status.message or "")]
    job_created = max((stage.end_time for stage in status.stages if stage.end_time), default=None)
    attempts = enumerate(read_attempts([CachedObject(pod) for pod in pods]), start=1)
    lines = [line for number, attempt in attempts for line in _attempt_lines(attempt, number, job_created)]
    if not lines:
        return [*recorded, StageLine("schedule", "running", detail="its pod does not exist yet")]
    if lines[-1].state == "done":
        lines.append(StageLine("record", "running"))
    elif lines[-1].state == "failed":
        lines.append(StageLine("wait", "waiting", detail="for another attempt, or for the Job to fail"))
    return [*recorded, *lines]


def shown_stages(stages: Sequence[Stage]) -> list[Stage]:
    """Return the stages of the top level, with each attempt replaced by its parts if it has any."""
    with_parts = {stage.attempt for stage in stages if stage.within == "attempt"}
    return [
        stage
        for stage in stages
        if stage.within == "attempt"
        or (not stage.within and (stage.name != "attempt" or stage.attempt not in with_parts))
    ]


def stage_name(stage: Stage) -> str:
    """Return its name: a wait with its reason, a later attempt's with the attempt's number."""
    attempt = stage.attempt or 1
    reason = f" for {stage.detail}" if stage.name == "wait" and stage.detail else ""
    return f"{stage.name}{reason}{f' ({attempt})' if attempt > 1 else ''}"


def format_state(phase: str, reason: str | None) -> str:
    """Return phase and reason as text: `Failed (Forbidden)`."""
    return f"{phase} ({reason})" if reason else phase


def planned_changes(pods: Sequence[Object]) -> tuple[Change, ...]:
    """Return what the latest passed dry run says would change."""
    for attempt in reversed(read_attempts([CachedObject(pod) for pod in pods])):
        run = attempt.step(DRY_RUN)
        if run and run.report and run.report.state == "done":
            return tuple(change for change in run.report.changes if change.before != change.after)
    return ()


def _recorded(stage: Stage) -> StageLine:
    if not stage.end_time:
        return StageLine(stage_name(stage), "waiting" if stage.name == "wait" else "running")
    return StageLine(stage_name(stage), "failed" if stage.error else "done", stage.seconds, stage.error or "")


def _attempt_lines(attempt: Attempt, number: int, job_created: datetime | None) -> list[StageLine]:
    """Return schedule, start and the two steps, as far as they are; its pod is not older than its Job."""
    suffix = f" ({number})" if number > 1 else ""
    if attempt.scheduled is None:
        return [_current(f"schedule{suffix}", attempt)]
    lines = [_done(f"schedule{suffix}", attempt.created, attempt.scheduled)]
    first = next((run for run in attempt.steps if run.step in {DRY_RUN, attempt.main}), None)
    started = first.times[0] if first else None
    if started is None:
        return [*lines, _current(f"start{suffix}", attempt)]
    lines.append(_done(f"start{suffix}", max(attempt.scheduled, job_created or attempt.scheduled), started))
    for step in (DRY_RUN, EXECUTE):
        run = attempt.step(step)
        if run and lines[-1].state == "done":
            both = attempt.rehearses_inline and run.exit_code is None
            lines.append(_step(f"{f'{DRY_RUN} + {EXECUTE}' if both else step}{suffix}", run, attempt))
    return lines


def _step(name: str, run: StepRun, attempt: Attempt) -> StageLine:
    started, finished = run.times
    if run.exit_code is None or started is None or finished is None:
        return _current(name, attempt)
    if run.exit_code == 0:
        return _done(name, started, finished)
    output = run.report.message if run.report else run.termination_reason
    seconds = max(0.0, (finished - started).total_seconds())
    return StageLine(name, "failed", seconds, output or f"exit code {run.exit_code}")


def _current(name: str, attempt: Attempt) -> StageLine:
    if attempt.phase == "Failed" or attempt.interruption:
        return StageLine(name, "failed", detail=attempt.interruption or attempt.message)
    return StageLine(name, "running", detail=attempt.diagnosis.message if attempt.diagnosis else "")


def _done(name: str, started: datetime, finished: datetime) -> StageLine:
    return StageLine(name, "done", max(0.0, (finished - started).total_seconds()))
