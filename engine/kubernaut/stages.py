"""Where an execution's time went: from the engine's own clock, the runner's reports, and the kubelet's (in whole seconds)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from kubernaut.attempts import Attempt, StepRun
from kubernaut.execution import Stage
from kubernaut.reports import at


def pod_stages(attempts: tuple[Attempt, ...], job_created: datetime | None) -> Iterable[Stage]:
    """`start` (schedule, pull, start) and each step of each attempt, in order."""
    last_end = job_created
    for number, attempt in enumerate((a for a in attempts if a.began), start=1):
        suffix = "" if number == 1 else f" ({number})"
        for run in attempt.steps:
            started, finished = _times(run)
            if started is None:
                continue
            if run is attempt.steps[0] and last_end and started > last_end:
                yield Stage(name=f"start{suffix}", start_time=last_end, end_time=started)
            if finished:
                yield Stage(name=f"{run.step}{suffix}", start_time=started, end_time=max(started, finished))
                last_end = finished


def _times(run: StepRun) -> tuple[datetime | None, datetime | None]:
    if run.report and run.report.started and run.report.finished:
        return at(run.report.started), at(run.report.finished)
    return run.started, run.finished
