"""All that the cluster knows of one execution, as far as this user may read it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from kubernaut.api.execution import KIND
from kubernaut.api.names import is_subdomain
from kubernaut.cli.pods import own_pods
from kubernaut.errors import KubernautError
from kubernaut.jobs.attempts import Attempt, read_attempts
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import EVENTS, CachedObject, Object

_CREATED = re.compile(r"Created pod: (\S+)")
_MOST_PODS = 20


@dataclass(frozen=True, slots=True)
class EventSummary:
    """An Event, as short as it can be told."""

    time: str
    type: str
    about: str
    reason: str
    message: str
    count: int


@dataclass(frozen=True, slots=True)
class ExecutionDetails:
    """The execution, its pods, what Events tell; and what could not be read."""

    obj: Object
    pods: tuple[Object, ...] = ()
    events: tuple[EventSummary, ...] = ()
    unread: tuple[str, ...] = field(default=())

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """Its pods that are still there, oldest first."""
        return read_attempts([CachedObject(pod) for pod in self.pods])


async def gather(cluster: Cluster, obj: Object) -> ExecutionDetails:
    """Ask for its pods, its own Events, and the warnings about its Job and pods; a refusal is noted, not raised."""
    metadata, unread = obj["metadata"], list[str]()
    namespace, uid = metadata["namespace"], metadata["uid"]

    async def events_of(fields: str) -> list[Object]:
        return (await cluster.list(EVENTS, namespace, fields=fields)).items

    job = obj.get("status", {}).get("jobName")
    asked = [f"involvedObject.uid={uid}", *([f"involvedObject.kind=Job,involvedObject.name={job}"] if job else [])]
    pods, *answers = await asyncio.gather(
        _or_noted(partial(own_pods, cluster, obj), "pods", unread),
        *(_or_noted(partial(events_of, fields), "events", unread) for fields in asked),
    )
    of_job = [event for events in answers[1:] for event in events]
    warnings = [f"involvedObject.name={name},type=Warning" for name in _pod_names(obj, pods, of_job)]
    answers += await asyncio.gather(*(_or_noted(partial(events_of, fields), "events", unread) for fields in warnings))
    told = {event["metadata"]["uid"]: _told(event) for events in answers for event in events}
    events = [event for event in told.values() if event.type == "Warning" or event.about.startswith(f"{KIND}/")]
    return ExecutionDetails(
        obj, tuple(pods), tuple(sorted(events, key=lambda event: event.time)), tuple(dict.fromkeys(unread))
    )


async def _or_noted(ask: Callable[[], Awaitable[list[Object]]], what: str, unread: list[str]) -> list[Object]:
    try:
        return await ask()
    except KubernautError as error:
        unread.append(f"{what} could not be read: {error}")
        return []


def _pod_names(obj: Mapping[str, Any], pods: Iterable[Object], of_job: Iterable[Object]) -> list[str]:
    """Its pods, and those that are gone and that its stages or its Job's Events name."""
    staged = [
        s["detail"] for s in obj.get("status", {}).get("stages", []) if s["name"] == "attempt" and s.get("detail")
    ]
    created = [found[1] for event in of_job if (found := _CREATED.match(str(event.get("message", ""))))]
    names = [*(pod["metadata"]["name"] for pod in pods), *staged, *created]
    return [name for name in dict.fromkeys(names) if is_subdomain(name)][:_MOST_PODS]


def _told(event: Mapping[str, Any]) -> EventSummary:
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
