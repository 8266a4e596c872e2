"""Finds out how long images were pulled: only the kubelet's Events tell, so they are asked for, once, where a pod was slow to start."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from kubernaut.api.timestamps import parse_time
from kubernaut.errors import KubernautError
from kubernaut.jobs.attempts import Attempt
from kubernaut.jobs.stages import Pull
from kubernaut.kube.client import Cluster
from kubernaut.kube.resources import EVENTS

_SLOW = timedelta(seconds=4)
"""A pod whose images are on its node starts within two seconds, and its kubelet tells times in whole seconds."""
_ASKED_AT_MOST = 3


@dataclass(frozen=True, slots=True)
class Pulls:
    """Asks for the Events of pods that were slow to start."""

    cluster: Cluster

    async def of(
        self, pods: Sequence[Mapping[str, Any]], attempts: Sequence[Attempt], since: datetime | None
    ) -> dict[str, Pull]:
        """By pod, from when to when its images were pulled. What cannot be found out is left out."""
        slow = [attempt.pod for attempt in attempts if _slow(attempt, since)][:_ASKED_AT_MOST]
        found: dict[str, Pull] = {}
        for pod in pods:
            metadata = pod["metadata"]
            if metadata["name"] in slow:
                pull = await self._pull(metadata)
                if pull:
                    found[metadata["name"]] = pull
        return found

    async def _pull(self, metadata: Mapping[str, Any]) -> Pull | None:
        try:
            page = await self.cluster.list(
                EVENTS, metadata["namespace"], fields=f"involvedObject.uid={metadata['uid']},type=Normal"
            )
        except KubernautError:
            return None
        return pull_told(page.items)


def _slow(attempt: Attempt, since: datetime | None) -> bool:
    first = next((run.started for run in attempt.steps if run.started), None)
    return first is not None and first - max(attempt.created, since or attempt.created) > _SLOW


def pull_told(events: Iterable[Mapping[str, Any]]) -> Pull | None:
    """From the first `Pulling` to the last `Pulled`; None where every image was there already."""
    told = list(events)
    began = [time for event in told if event.get("reason") == "Pulling" and (time := _time(event))]
    ended = [time for event in told if event.get("reason") == "Pulled" and (time := _time(event))]
    return Pull(min(began), max(ended)) if began and ended else None


def _time(event: Mapping[str, Any]) -> datetime | None:
    return parse_time(event.get("eventTime") or event.get("firstTimestamp"))
