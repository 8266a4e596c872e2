"""The stages of an execution that its pods went through."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from kubernaut.api.stages import Stage, StageRequest
from kubernaut.jobs.attempts import Attempt
from kubernaut.jobs.step_runs import StepRun
from kubernaut.telemetry.stage_recorder import MAX_ERROR_LENGTH
from kubernaut.telemetry.stages import MAX_STAGES, MIN_GAP


@dataclass(frozen=True, slots=True)
class Pull:
    """When the images of a pod were pulled."""

    started: datetime
    finished: datetime


def attempt_stages(
    attempts: Sequence[Attempt], since: datetime | None, until: datetime, pulls: Mapping[str, Pull]
) -> list[Stage]:
    """Return each attempt with its parts: scheduling, pulling images, and for each of the two steps its start, its run and its requests.

    All of them lie between `since` and `until`, whatever clocks and pods say. `pulls` is by pod name. The job controller's own time becomes
    a stage if it is long enough: `create-pod` before the first attempt, `backoff` between two.
    """
    stages: list[Stage] = []
    for number, attempt in enumerate(attempts, start=1):
        begins = min(until, max(attempt.created, since) if since else attempt.created)
        if since and begins - since > MIN_GAP:
            stages.append(Stage(name="backoff" if number > 1 else "create-pod", start_time=since, end_time=begins))
        parts = list(_parts(attempt, number, _Span(begins, until), pulls.get(attempt.pod)))
        ends = max((part.end_time or part.start_time for part in parts), default=begins)
        error = attempt.interruption or (f"{attempt.failed_step.step} failed" if attempt.failed_step else "")
        whole = Stage(name="attempt", detail=attempt.pod, attempt=number, start_time=begins, end_time=ends)
        stages += [whole.model_copy(update={"error": error[:MAX_ERROR_LENGTH] or None}), *parts]
        since = ends
    return stages[:MAX_STAGES]


@dataclass(slots=True)
class _Span:
    """What is left of an attempt's time while its parts are added one after the other."""

    since: datetime
    until: datetime

    def within(self, time: datetime) -> datetime:
        return min(self.until, max(self.since, time))


def _parts(attempt: Attempt, number: int, left: _Span, pull: Pull | None) -> Iterable[Stage]:
    def part(name: str, start: datetime, end: datetime, **more: Any) -> Stage:
        start = left.within(start)
        left.since = max(start, left.within(end))
        return Stage(name=name, start_time=start, end_time=left.since, within="attempt", attempt=number, **more)

    if attempt.scheduled:
        yield part("schedule", left.since, attempt.scheduled, detail=attempt.node or None)
    if pull:
        yield part("pull-image", pull.started, pull.finished)
    container = ""
    for run in attempt.steps:
        started, finished = run.times
        if started is None:
            continue
        if run.container != container and left.within(started) > left.since:
            yield part("start", left.since, started, detail=run.container)
        container = run.container
        step = part(run.step, started, finished or left.until, error=_error(run))
        yield step
        yield from _requests(run, number, step.start_time, left.since)


def _requests(run: StepRun, number: int, started: datetime, ended: datetime) -> Iterable[Stage]:
    """Return the requests of the runner to the API server, kept within their step, whatever a pod says."""
    for call in run.report.calls if run.report else ():
        begins = min(ended, started + timedelta(milliseconds=call.at))
        ends = min(ended, begins + timedelta(milliseconds=call.ms))
        error = None if 0 < call.code < 400 else f"HTTP {call.code}" if call.code else "no answer"
        request = StageRequest(
            verb=call.verb, resource=call.resource, name=call.name or None, code=call.code, count=call.times
        )
        yield Stage(
            name="request",
            request=request,
            start_time=begins,
            end_time=ends,
            within=run.step,
            attempt=number,
            error=error,
        )


def _error(run: StepRun) -> str | None:
    if not run.exit_code:
        return None
    output = run.report.message if run.report else run.termination_message
    return f"exit code {run.exit_code}: {output}"[:MAX_ERROR_LENGTH]
