"""Finds out why a Job does not get on where neither its status nor its pods' tell: Events, and pods whose node has fallen silent.

Asked only about what has stood still for a while, and less often the longer it does, so that the good case costs nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from kubernaut.api.execution import Reason
from kubernaut.api.timestamps import now, parse_time
from kubernaut.controller.state import Seen
from kubernaut.errors import KubernautError
from kubernaut.jobs.attempts import Attempt
from kubernaut.jobs.outcome import Ended, UnderWay, observe
from kubernaut.jobs.termination import bounded
from kubernaut.jobs.trouble import Noticed
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import Object
from kubernaut.kube.resources import EVENTS

log = logging.getLogger(__name__)

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

    async def observed(self, seen: Seen) -> UnderWay | Ended:
        """What its Job and pods show; of one that was stopped before it began, also what the cluster had warned of."""
        dry_run, noticed = bool((seen.obj or {})["spec"].get("dryRun")), Noticed.read(seen.status)
        look = partial(observe, seen.job or {}, seen.pods, dry_run=dry_run)
        found = look(noticed=noticed)
        if _is_unexplained(found, noticed):
            return look(noticed=replace(noticed, trouble=await self._warned_of(seen, found)))
        return found

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
            return await self._told_of(_pod_of(seen, last), seen.job)
        return Trouble()

    async def _warned_of(self, seen: Seen, ended: UnderWay | Ended) -> str:
        """The newest warning about the last pod, or about a Job that had none; "" if none can be found."""
        about = _pod_of(seen, ended.attempts[-1]) if ended.attempts else seen.job or {}
        try:
            return await self._warning(about["metadata"])
        except KubernautError as error:
            log.warning("the Events of %s cannot be read: %s", seen.key, error)
            return ""

    async def _told_of(self, obj: Object, job: Object) -> Trouble:
        """The newest warning about this object, if it has stood still for long enough."""
        deadline = float(job["spec"].get("activeDeadlineSeconds") or 2 * _FIRST_LOOK_SECONDS)
        first = min(_FIRST_LOOK_SECONDS, deadline / 2)
        age = _age(parse_time(obj["metadata"]["creationTimestamp"]))
        if age < first:
            return Trouble(again=first - age + 0.5)
        return Trouble(await self._warning(obj["metadata"]), again=max(first, age / 2))

    async def _warning(self, metadata: Mapping[str, Any]) -> str:
        fields = f"involvedObject.uid={metadata['uid']},type=Warning"
        events = (await self.cluster.list(EVENTS, metadata["namespace"], fields=fields)).items
        if not events:
            return ""
        newest = max(events, key=_time)
        return f"{newest.get('reason', 'Warning')}: {bounded(str(newest.get('message', '')), 400)}".rstrip(".")


def _pod_of(seen: Seen, attempt: Attempt) -> Object:
    return next(pod for pod in seen.pods if pod["metadata"]["name"] == attempt.pod)


def _is_unexplained(found: UnderWay | Ended, noticed: Noticed) -> bool:
    """Was it stopped by its deadline before it began, and nothing tells why?"""
    late = isinstance(found, Ended) and found.reason is Reason.DEADLINE_EXCEEDED and not noticed.trouble
    return late and not any(attempt.began or attempt.trouble for attempt in found.attempts)


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
