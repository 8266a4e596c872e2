"""Where an execution's time went, as its status records it: what the engine noted, the runner's reports, and what the kubelet tells.

Stages stand in the order in which they began, those of a part after their whole. None begins before what came before it has ended: the
kubelet's clock tells whole seconds, cut off, and would otherwise have a container start before its pod existed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from kubernaut.attempts import Attempt, StepRun
from kubernaut.execution import Reason, Stage
from kubernaut.reports import at
from kubernaut.sightings import SIGHTINGS, sharpened

WAIT = "wait"
MOST_RECORDED = 200
"""So many stages are recorded of one execution; an execution that waits again and again keeps the first ones."""
_WORTH_TELLING = timedelta(milliseconds=50)
_ERROR_BOUND = 300


def created_at(obj: Mapping[str, Any]) -> datetime:
    """When the execution was created, as exactly as is known."""
    return sharpened(obj["metadata"]["creationTimestamp"], obj.get(SIGHTINGS, {}).get("created"))


def began_at(obj: Mapping[str, Any]) -> datetime:
    """When its story begins: with its first stage if that began within the second that its creation is told in, else with that second."""
    created, stages = created_at(obj), recorded(obj)
    first = stages[0].start_time if stages else created
    return first if timedelta() <= first - created < timedelta(seconds=1) else created


def recorded(obj: Mapping[str, Any]) -> list[Stage]:
    """The stages in the execution's status."""
    return [Stage.model_validate(stage) for stage in obj.get("status", {}).get("stages", [])]


def waited(obj: Mapping[str, Any], until: datetime) -> list[Stage]:
    """The recorded stages, the wait that lasted so far being over; one that was never recorded waited for its turn."""
    stages = [_closed(stage, until) for stage in recorded(obj)]
    began = created_at(obj)
    if not stages and until - began > _WORTH_TELLING:
        stages.append(Stage(name=WAIT, detail=Reason.QUEUED, start_time=began, end_time=until))
    return stages


def waiting(obj: Mapping[str, Any], reason: Reason, since: datetime) -> list[Stage] | None:
    """The recorded stages and this wait; None where just that is recorded already."""
    stages = recorded(obj)
    if stages and stages[-1].end_time is None and stages[-1].detail == reason:
        return None
    if not stages:
        since = created_at(obj)
    stages = [_closed(stage, since) for stage in stages][: MOST_RECORDED // 2]
    return [*stages, Stage(name=WAIT, detail=reason, start_time=since)]


def _closed(stage: Stage, until: datetime) -> Stage:
    return stage if stage.end_time else stage.model_copy(update={"end_time": max(stage.start_time, until)})


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
