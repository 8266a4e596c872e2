"""What the engine sees of one execution at one moment, and the one decision that follows from it. Pure: no requests, no clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from kubernaut.api.execution import Phase
from kubernaut.jobs.ownership import is_job_of, is_pod_of, uid_of
from kubernaut.kube.informer import Informer
from kubernaut.kube.objects import Key, Object


class Step(Enum):
    """What to do with an execution now."""

    SWEEP = auto()
    """It is gone: see that its Jobs go too."""
    SETTLE = auto()
    """Its end is recorded: stamp the Job's TTL, delete the execution when its own has passed."""
    CANCEL = auto()
    """Somebody wants it stopped."""
    FOLLOW = auto()
    """Its Job runs: see how far it is."""
    ADOPT = auto()
    """There is a Job of which nothing is recorded: an engine did not live to do so, or somebody else made it."""
    MISS = auto()
    """It ran, but there is no Job: find out whether that is true."""
    BEGIN = auto()
    """It has not started."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One execution, its Job, the Job's pods, and what is left of earlier executions of the same name."""

    key: Key
    obj: Object | None
    job: Object | None
    pods: list[Object]
    leftover_jobs: list[Object]
    leftover_pods: list[Object]

    @property
    def status(self) -> Mapping[str, Any]:
        """The execution's status as last read."""
        status: Mapping[str, Any] = (self.obj or {}).get("status", {})
        return status

    @property
    def phase(self) -> Phase | None:
        """The recorded phase."""
        return Phase(self.status["phase"]) if self.status.get("phase") else None


class GonePods:
    """The last word of pods that were deleted before their execution's end was recorded.

    The job controller deletes the pods of a Job at its deadline before it says so, and people delete pods by hand: what such a pod told
    would be lost. It is kept in memory only; an engine that was down meanwhile says that it does not know.
    """

    def __init__(self) -> None:
        self._by_uid: dict[str, dict[str, Object]] = {}

    def remember(self, pod: Object) -> None:
        """The pod as it was last seen."""
        self._by_uid.setdefault(uid_of(pod), {})[pod["metadata"]["name"]] = {**pod, "gone": True}

    def of(self, uid: str) -> list[Object]:
        """The gone pods of this execution."""
        return list(self._by_uid.get(uid, {}).values())

    def forget(self, uid: str) -> None:
        """Its end is recorded, or it is gone itself."""
        self._by_uid.pop(uid, None)


@dataclass(frozen=True, slots=True)
class Caches:
    """The three copies that the engine watches, and what is remembered beyond them."""

    executions: Informer
    jobs: Informer
    pods: Informer
    gone: GonePods

    def look(self, key: Key) -> Seen:
        """All that is known of one execution, from memory."""
        obj = self.executions.get(key)
        jobs, pods = self.jobs.indexed(str(key)), self.pods.indexed(str(key))
        uid = obj["metadata"]["uid"] if obj else ""
        job = next((job for job in jobs if obj and is_job_of(job, obj)), None)
        ours = [pod for pod in pods if obj and is_pod_of(pod, obj, job)]
        others = [other for other in jobs if other is not job]
        return Seen(key, obj, job, [*ours, *self.gone.of(uid)], others, [pod for pod in pods if pod not in ours])


def decide(seen: Seen) -> Step:
    """The one step for what is seen."""
    if seen.obj is None:
        return Step.SWEEP
    if seen.phase and seen.phase.ended:
        return Step.SETTLE
    if seen.obj["spec"].get("cancel"):
        return Step.CANCEL
    recorded = seen.status.get("jobName")
    if seen.job is not None:
        return Step.FOLLOW if recorded else Step.ADOPT
    return Step.MISS if recorded else Step.BEGIN


def is_active(pod: Object) -> bool:
    """May it still do something? A pod that is remembered, but gone, is marked so."""
    return not pod.get("gone") and pod["status"].get("phase") not in {"Succeeded", "Failed"}
