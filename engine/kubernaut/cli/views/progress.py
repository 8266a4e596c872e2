"""What is to be seen of an execution under way: from its status, and from its pods where the user may read them. Pure.

The status tells of the time before the Job and, at the end, of all; while the Job runs, only its pods know how far it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from kubernaut.api.execution import Phase
from kubernaut.api.plugin import Change
from kubernaut.api.steps import DRY_RUN, EXECUTE
from kubernaut.api.timestamps import parse_time
from kubernaut.cli.durations import seconds
from kubernaut.cli.views.summary import shown_stages, stage_name
from kubernaut.jobs.attempts import Attempt, StepRun, read_attempts
from kubernaut.kube.objects import CachedObject, Object
from kubernaut.kube.watch import has_ended


@dataclass(frozen=True, slots=True)
class Line:
    """One stage as it is shown."""

    name: str
    state: Literal["done", "failed", "now", "waits"]
    seconds: float = 0.0
    detail: str = ""

    @property
    def lasts(self) -> bool:
        """Is it what goes on at the moment?"""
        return self.state in {"now", "waits"}


def stage_lines(obj: Mapping[str, Any], pods: Sequence[Object] | None) -> list[Line]:
    """The stages so far, in order; at most the last one lasts. `pods` is None where they cannot be read."""
    status = obj.get("status", {})
    told = [_told(stage) for stage in shown_stages(status.get("stages", []))]
    if has_ended(obj) or any(line.lasts for line in told):
        return told
    if status.get("phase", Phase.PENDING) == Phase.PENDING:
        return [*told, Line(status.get("reason") or "created", "waits", detail=status.get("message") or "")]
    if pods is None:
        return [*told, Line("run", "now", detail=status.get("message") or "")]
    created = max(
        (time for stage in status.get("stages", []) if (time := parse_time(stage.get("endTime")))), default=None
    )
    shown = [line for number, pod in enumerate(_in_order(pods), start=1) for line in _of_pod(pod, number, created)]
    if not shown:
        return [*told, Line("schedule", "now", detail="its pod is not there yet")]
    if shown[-1].state == "done":
        shown.append(Line("record", "now"))
    elif shown[-1].state == "failed":
        shown.append(Line("wait", "waits", detail="for the Job's verdict, or another attempt"))
    return [*told, *shown]


def planned(pods: Sequence[Object]) -> tuple[Change, ...]:
    """What the latest dry run that passed says would change."""
    for attempt in reversed(read_attempts([CachedObject(pod) for pod in pods])):
        run = attempt.step(DRY_RUN)
        if run and run.report and run.report.state == "done":
            return run.report.changes
    return ()


def _told(stage: Mapping[str, Any]) -> Line:
    if not stage.get("endTime"):
        return Line(stage_name(stage), "waits" if stage["name"] == "wait" else "now")
    return Line(stage_name(stage), "failed" if stage.get("error") else "done", seconds(stage), stage.get("error") or "")


def _in_order(pods: Sequence[Object]) -> list[Object]:
    by_name = {pod["metadata"]["name"]: pod for pod in pods}
    return [by_name[attempt.pod] for attempt in read_attempts([CachedObject(pod) for pod in pods])]


def _of_pod(pod: Object, number: int, earliest: datetime | None) -> list[Line]:
    """Schedule, start, and the two steps of one attempt, as far as they have come; the pod is no older than its Job."""
    (attempt,) = read_attempts([CachedObject(pod)])
    later = f" ({number})" if number > 1 else ""
    created, scheduled = parse_time(pod["metadata"]["creationTimestamp"]), _scheduled(pod)
    if scheduled is None:
        return [_now(f"schedule{later}", attempt)]
    lines = [_past(f"schedule{later}", created, scheduled)]
    first = next((run for run in attempt.steps if run.step in {DRY_RUN, attempt.main}), None)
    begun = first.times[0] if first else None
    if begun is None:
        return [*lines, _now(f"start{later}", attempt)]
    lines.append(_past(f"start{later}", max(scheduled, earliest or scheduled), begun))
    for step in (DRY_RUN, EXECUTE):
        run = attempt.step(step)
        if run is None or (lines[-1].lasts or lines[-1].state == "failed"):
            continue
        lines.append(_step(f"{step}{later}", run, attempt))
    return lines


def _step(name: str, run: StepRun, attempt: Attempt) -> Line:
    began, ended = run.times
    if run.exit_code is None or began is None or ended is None:
        return _now(name, attempt)
    if run.exit_code == 0:
        return _past(name, began, ended)
    words = run.report.message if run.report else run.termination_reason
    return Line(name, "failed", max(0.0, (ended - began).total_seconds()), words or f"exit code {run.exit_code}")


def _now(name: str, attempt: Attempt) -> Line:
    if attempt.phase == "Failed" or attempt.interruption:
        return Line(name, "failed", detail=attempt.interruption or attempt.message)
    return Line(name, "now", detail=attempt.diagnosis.message if attempt.diagnosis else "")


def _past(name: str, began: datetime | None, ended: datetime) -> Line:
    return Line(name, "done", max(0.0, (ended - began).total_seconds()) if began else 0.0)


def _scheduled(pod: Mapping[str, Any]) -> datetime | None:
    conditions = pod.get("status", {}).get("conditions", [])
    found = (c for c in conditions if c["type"] == "PodScheduled" and c.get("status") == "True")
    return next((parse_time(c.get("lastTransitionTime")) for c in found), None)
