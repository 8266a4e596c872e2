"""Where an execution's time went before its Job: the waits in its status, opened and closed.

Stages are listed in the order in which they began, those of a part after their whole. None begins before the one before it has ended: the
kubelet's clock has whole seconds, rounded down, and would otherwise have a container start before its pod existed.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from kubernaut.api.execution import Reason
from kubernaut.api.stages import Stage
from kubernaut.api.view import ExecutionView

WAIT = "wait"
MAX_STAGES = 200
"""Stages recorded of one execution; one that waits again and again keeps its first ones."""
MIN_GAP = timedelta(milliseconds=50)
"""Shorter gaps between stages are not recorded as a stage of their own."""


def trace_start(execution: ExecutionView) -> datetime:
    """Return when its trace begins: with its first stage if that began within the second of its creation, else with its creation."""
    created, stages = execution.created, execution.status.stages
    first = stages[0].start_time if stages else created
    return first if timedelta() <= first - created < timedelta(seconds=1) else created


def close_wait(execution: ExecutionView, until: datetime) -> list[Stage]:
    """Return the recorded stages with the open wait closed; where none was recorded, add the time since creation as `Queued`."""
    stages = [_closed(stage, until) for stage in execution.status.stages]
    if not stages and until - execution.created > MIN_GAP:
        stages.append(Stage(name=WAIT, detail=Reason.QUEUED, start_time=execution.created, end_time=until))
    return stages


def open_wait(execution: ExecutionView, reason: Reason, since: datetime) -> list[Stage] | None:
    """Return the recorded stages followed by an open wait for this reason; None where that is what is recorded already."""
    stages = execution.status.stages
    if stages and stages[-1].end_time is None and stages[-1].detail == reason:
        return None
    if not stages:
        since = execution.created
    kept = [_closed(stage, since) for stage in stages][: MAX_STAGES // 2]
    return [*kept, Stage(name=WAIT, detail=reason, start_time=since)]


def _closed(stage: Stage, until: datetime) -> Stage:
    return stage if stage.end_time else stage.model_copy(update={"end_time": max(stage.start_time, until)})
