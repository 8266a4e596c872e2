"""Finds out why a Job does not get on where neither its status nor its pods' tell: Events, and pods whose node has fallen silent.

Asked only about what has stood still for a while, and less often the longer it does, so that the good case costs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kubernaut.cluster import Cluster
from kubernaut.informer import Object
from kubernaut.outcome import UnderWay
from kubernaut.recorder import now
from kubernaut.reports import bounded, parse_time
from kubernaut.resources import EVENTS
from kubernaut.seen import Seen

_FIRST_LOOK_SECONDS = 10.0
_SILENT_SECONDS = 45.0
"""A kubelet that lives ends a pod within its grace period, 30 s by default."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What stands in the way, or "" for nothing; and after how many seconds to look again, if it goes on like this."""

    text: str = ""
    again: float | None = None


@dataclass(frozen=True, slots=True)
class Troubles:
    """Looks for trouble."""

    cluster: Cluster

    async def of(self, seen: Seen, progress: UnderWay) -> Trouble:
        """What keeps this execution's Job from getting on."""
        if progress.trouble:
            return Trouble(progress.trouble)
        last = progress.attempts[-1] if progress.attempts else None
        if last and last.deleted:
            return _silent(last.pod, last.node, last.deleted)
        if last is None and seen.job is not None:
            return await self._told_of(seen.job, seen.job)
        if last and last.unstarted and seen.job is not None:
            pod = next(pod for pod in seen.pods if pod["metadata"]["name"] == last.pod)
            return await self._told_of(pod, seen.job)
        return Trouble()

    async def _told_of(self, obj: Object, job: Object) -> Trouble:
        """The newest warning about this object, if it has stood still for long enough."""
        deadline = float(job["spec"].get("activeDeadlineSeconds") or 2 * _FIRST_LOOK_SECONDS)
        first = min(_FIRST_LOOK_SECONDS, deadline / 2)
        age = _age(parse_time(obj["metadata"]["creationTimestamp"]))
        if age < first:
            return Trouble(again=first - age + 0.5)
        metadata = obj["metadata"]
        fields = f"involvedObject.uid={metadata['uid']},type=Warning"
        events = (await self.cluster.list(EVENTS, metadata["namespace"], fields=fields)).items
        if not events:
            return Trouble(again=max(first, age / 2))
        newest = max(events, key=_time)
        text = f"{newest.get('reason', 'Warning')}: {bounded(str(newest.get('message', '')), 400)}"
        return Trouble(text.rstrip("."), again=max(first, age / 2))


def _silent(pod: str, node: str, deleted: datetime) -> Trouble:
    """A pod that was told to go, and whose node does not say that it has gone."""
    age = _age(deleted)
    if age < _SILENT_SECONDS:
        return Trouble(again=_SILENT_SECONDS - age + 0.5)
    told = f"pod {pod} was told to stop {age:.0f} s ago, and node {node} has not confirmed it, so it may still run"
    return Trouble(f"{told}; if the node is gone for good: kubectl delete node {node}", again=60.0)


def _age(since: datetime | None) -> float:
    return max(0.0, (now() - since).total_seconds()) if since else 0.0


def _time(event: dict[str, Any]) -> str:
    series = event.get("series") or {}
    return str(series.get("lastObservedTime") or event.get("lastTimestamp") or event.get("eventTime") or "")
