"""Where an execution's time went, as its status records it: what the engine noted, the runner's reports, and what the kubelet tells.

Stages stand in the order in which they began, those of a part after their whole. None begins before what came before it has ended: the
kubelet's clock tells whole seconds, cut off, and would otherwise have a container start before its pod existed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from kubernaut.api.execution import Reason, Stage
from kubernaut.telemetry.first_seen import SIGHTINGS, sharpened

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
