"""Everything that the cluster has on one execution, as far as the user is allowed to read it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from kubernaut.api.execution import KIND
from kubernaut.api.names import is_subdomain
from kubernaut.api.view import ExecutionView
from kubernaut.cli.pods import own_pods
from kubernaut.errors import KubernautError
from kubernaut.jobs.attempts import Attempt, read_attempts
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import EVENTS, CachedObject, Object

_CREATED_POD = re.compile(r"Created pod: (\S+)")
"""The job controller's Event: once a pod is gone, only this text has its name."""
_MAX_PODS = 20


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
        return (await cluster.list(EVENTS, execution.namespace, fields=fields)).items

    selectors = [f"involvedObject.uid={execution.uid}"]
    if execution.job_name:
        selectors.append(f"involvedObject.kind=Job,involvedObject.name={execution.job_name}")
    pods, *found = await asyncio.gather(
        _read(partial(own_pods, cluster, execution), "pods", unread),
        *(_read(partial(list_events, fields), "events", unread) for fields in selectors),
    )
    job_events = [event for events in found[1:] for event in events]
    warnings = [f"involvedObject.name={name},type=Warning" for name in _pod_names(execution, pods, job_events)]
    found += await asyncio.gather(*(_read(partial(list_events, fields), "events", unread) for fields in warnings))
    return ExecutionDetails(execution, tuple(pods), _shown_events(found), tuple(dict.fromkeys(unread)))


async def _read(read: Callable[[], Awaitable[list[Object]]], what: str, unread: list[str]) -> list[Object]:
    try:
        return await read()
    except KubernautError as error:
        unread.append(f"{what} could not be read: {error}")
        return []


def _pod_names(execution: ExecutionView, pods: Iterable[Object], job_events: Iterable[Object]) -> list[str]:
    """Return the names of its pods, deleted ones included: those are in its stages and in its Job's Events."""
    attempts = [stage.detail for stage in execution.status.stages if stage.name == "attempt" and stage.detail]
    created = [found[1] for event in job_events if (found := _CREATED_POD.match(str(event.get("message", ""))))]
    names = [*(pod["metadata"]["name"] for pod in pods), *attempts, *created]
    return [name for name in dict.fromkeys(names) if is_subdomain(name)][:_MAX_PODS]


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
