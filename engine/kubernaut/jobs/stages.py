"""The stages of an execution that its pods went through."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from kubernaut.api.execution import Stage
from kubernaut.api.timestamps import at
from kubernaut.jobs.attempts import Attempt, StepRun
from kubernaut.telemetry.stages import _ERROR_BOUND, _WORTH_TELLING, MOST_RECORDED


@dataclass(frozen=True, slots=True)
class Pull:
    """From when to when the images of a pod were pulled."""

    began: datetime
    ended: datetime


def attempt_stages(
    attempts: Sequence[Attempt], since: datetime | None, until: datetime, pulls: Mapping[str, Pull]
) -> list[Stage]:
    """Each attempt with its parts: finding a node, pulling images, and the two steps, each started first, with the runner's own requests.

    All of it between `since` and `until`, whatever clocks and pods say. `pulls` goes by the pod's name. What the job controller takes is
    told where it is worth telling: `create-pod` before the first attempt, and `backoff` between two.
    """
    stages: list[Stage] = []
    for number, attempt in enumerate(attempts, start=1):
        begins = min(until, max(attempt.created, since) if since else attempt.created)
        if since and begins - since > _WORTH_TELLING:
            stages.append(Stage(name="backoff" if number > 1 else "create-pod", start_time=since, end_time=begins))
        parts = list(_parts(attempt, number, _Span(begins, until), pulls.get(attempt.pod)))
        ends = max((part.end_time or part.start_time for part in parts), default=begins)
        error = attempt.interruption or (f"{attempt.failed_step.step} failed" if attempt.failed_step else "")
        whole = Stage(name="attempt", detail=attempt.pod, attempt=number, start_time=begins, end_time=ends)
        stages += [whole.model_copy(update={"error": error[:_ERROR_BOUND] or None}), *parts]
        since = ends
    return stages[:MOST_RECORDED]


@dataclass(slots=True)
class _Span:
    """What is left of an attempt's time while its parts are told one after the other."""

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
        yield part("pull-image", pull.began, pull.ended)
    for run in attempt.steps:
        started, finished = _times(run)
        if started is None:
            continue
        if left.within(started) > left.since:
            yield part("start", left.since, started, detail=run.step)
        step = part(run.step, started, finished or left.until, error=_error(run))
        yield step
        yield from _requests(run, number, step.start_time, left.since)


def _requests(run: StepRun, number: int, started: datetime, ended: datetime) -> Iterable[Stage]:
    """What the runner asked the API server for; never outside its step, whatever a pod says."""
    for call in run.report.calls if run.report else ():
        begins = min(ended, started + timedelta(milliseconds=call.at))
        ends = min(ended, begins + timedelta(milliseconds=call.ms))
        times = f" ({call.times} times)" if call.times > 1 else ""
        error = None if 0 < call.code < 400 else f"HTTP {call.code}" if call.code else "no answer"
        detail = f"{call.call} {call.code:03}{times}"
        yield Stage(
            name="request",
            detail=detail,
            start_time=begins,
            end_time=ends,
            within=run.step,
            attempt=number,
            error=error,
        )


def _error(run: StepRun) -> str | None:
    if not run.exit_code:
        return None
    words = run.report.message if run.report else run.last_words
    return f"exit code {run.exit_code}: {words}"[:_ERROR_BOUND]


def _times(run: StepRun) -> tuple[datetime | None, datetime | None]:
    if run.report and run.report.started and run.report.finished:
        return at(run.report.started), at(run.report.finished)
    return run.started, run.finished
