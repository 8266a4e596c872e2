"""Everything that the cluster has on one execution, as far as the user is allowed to read it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from kubernaut.api.execution import KIND
from kubernaut.api.names import is_pod_of_job
from kubernaut.api.view import ExecutionView
from kubernaut.caller.pods import own_pods
from kubernaut.errors import KubernautError
from kubernaut.jobs.attempts import Attempt, read_attempts
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import EVENTS, CachedObject, Object


@dataclass(frozen=True, slots=True)
class EventSummary:
    """What is shown of an Event."""

    time: str
    type: str
    about: str
    """The object, as Kind/name."""
    reason: str
    message: str
    count: int


@dataclass(frozen=True, slots=True)
class ExecutionDetails:
    """An execution with its pods and Events."""

    execution: ExecutionView
    pods: tuple[Object, ...] = ()
    events: tuple[EventSummary, ...] = ()
    unread: tuple[str, ...] = ()
    """What could not be read, and why."""

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """Its pods that still exist, oldest first."""
        return read_attempts([CachedObject(pod) for pod in self.pods])


async def read_details(cluster: Cluster, execution: ExecutionView) -> ExecutionDetails:
    """Read its pods, its own Events, and the warnings about its Job and pods. What cannot be read is listed, not raised."""
    unread: list[str] = []

    async def list_events(fields: str) -> list[Object]:
        return (await cluster.list_all(EVENTS, execution.namespace, fields=fields)).items

    async def list_pod_warnings(job: str) -> list[Object]:
        warnings = await list_events("involvedObject.kind=Pod,type=Warning")
        return [event for event in warnings if is_pod_of_job(event["involvedObject"].get("name", ""), job)]

    reads = [partial(list_events, f"involvedObject.uid={execution.uid}")]
    if job := execution.job_name:
        reads.append(partial(list_events, f"involvedObject.kind=Job,involvedObject.name={job},type=Warning"))
        reads.append(partial(list_pod_warnings, job))
    pods, *found = await asyncio.gather(
        _read(partial(own_pods, cluster, execution), "pods", unread),
        *(_read(read, "events", unread) for read in reads),
    )
    return ExecutionDetails(execution, tuple(pods), _shown_events(found), tuple(dict.fromkeys(unread)))


async def _read(read: Callable[[], Awaitable[list[Object]]], what: str, unread: list[str]) -> list[Object]:
    try:
        return await read()
    except KubernautError as error:
        unread.append(f"{what} could not be read: {error}")
        return []


def _shown_events(found: Iterable[Iterable[Object]]) -> tuple[EventSummary, ...]:
    """Return each Event once, oldest first; of those about other objects, only warnings."""
    by_uid = {event["metadata"]["uid"]: _summarize(event) for events in found for event in events}
    shown = [event for event in by_uid.values() if event.type == "Warning" or event.about.startswith(f"{KIND}/")]
    return tuple(sorted(shown, key=lambda event: event.time))


def _summarize(event: Mapping[str, Any]) -> EventSummary:
    about = event.get("involvedObject", {})
    series = event.get("series") or {}
    return EventSummary(
        time=str(series.get("lastObservedTime") or event.get("eventTime") or event.get("lastTimestamp") or ""),
        type=str(event.get("type", "")),
        about=f"{about.get('kind', '')}/{about.get('name', '')}",
        reason=str(event.get("reason", "")),
        message=str(event.get("message", "")),
        count=int(series.get("count") or event.get("count") or 1),
    )
