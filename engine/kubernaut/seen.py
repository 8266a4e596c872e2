"""What the engine sees of one execution at one moment, and the one decision that follows from it. Pure: no requests, no clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from kubernaut.attempts import TROUBLE_REASONS
from kubernaut.execution import KIND, Phase
from kubernaut.hardening import ANNOTATION_REPORTS, ANNOTATION_TARGET, LABEL_ACTION, LABEL_EXECUTION, LABEL_UID
from kubernaut.informer import Informer, Key, Object
from kubernaut.names import job_name


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


def execution_of(obj: Mapping[str, Any]) -> str:
    """The index of Jobs and pods: the key of the execution they belong to."""
    return str(execution_key(obj))


def execution_key(obj: Mapping[str, Any]) -> Key:
    """The execution that a Job or pod belongs to, by its labels."""
    metadata = obj["metadata"]
    return Key(metadata["namespace"], metadata.get("labels", {}).get(LABEL_EXECUTION, ""))


def uid_of(obj: Mapping[str, Any]) -> str:
    """The uid of the execution that a Job or pod belongs to; its name alone may have been used before."""
    return str(obj["metadata"].get("labels", {}).get(LABEL_UID, ""))


def is_job_of(job: Mapping[str, Any], execution: Mapping[str, Any]) -> bool:
    """Is it the Job that the engine made for this execution? Labels can be put on anything: name, uid and owner must all agree."""
    metadata, uid = execution["metadata"], execution["metadata"]["uid"]
    owner = _controller(job)
    named = job["metadata"]["name"] == job_name(metadata["name"], uid) and uid_of(job) == uid
    return named and (owner.get("kind"), owner.get("uid")) == (KIND, uid)


def is_pod_of(pod: Object, execution: Mapping[str, Any], job: Object | None) -> bool:
    """Is it a pod of that Job? Anybody may write an owner: of one that does not exist, no controller removes the pod."""
    metadata, uid, owner = execution["metadata"], execution["metadata"]["uid"], _controller(pod)
    named = tuple(owner.get(key) for key in ("apiVersion", "kind", "name")) == _job_of(metadata["name"], uid)
    return uid_of(pod) == uid and named and (job is None or owner.get("uid") == job["metadata"]["uid"])


def _job_of(name: str, uid: str) -> tuple[str, str, str]:
    return "batch/v1", "Job", job_name(name, uid)


def was_made_here(job: Object) -> bool:
    """Does the Job bear everything that the engine gives its Jobs? Only such a one is ever removed."""
    metadata = job["metadata"]
    labels, annotations = set(metadata.get("labels", {})), set(metadata.get("annotations", {}))
    return {LABEL_UID, LABEL_EXECUTION, LABEL_ACTION} <= labels and {
        ANNOTATION_TARGET,
        ANNOTATION_REPORTS,
    } <= annotations


def _controller(obj: Mapping[str, Any]) -> Mapping[str, Any]:
    owners: list[dict[str, Any]] = obj["metadata"].get("ownerReferences", [])
    return next((owner for owner in owners if owner.get("controller")), {})


def is_active(pod: Object) -> bool:
    """May it still do something? A pod that is remembered, but gone, is marked so."""
    return not pod.get("gone") and pod["status"].get("phase") not in {"Succeeded", "Failed"}


def says_something_new(old: Object | None, new: Object | None) -> bool:
    """Is there anything in this change of a Job or pod that a look could come to another decision by?

    Most changes are the job controller's counting and the scheduler's and the kubelet's progress: half of all looks would be for nothing.
    """
    return old is None or new is None or _facts(old) != _facts(new)


def _facts(obj: Object) -> tuple[Any, ...]:
    """What of a Job or pod an outcome or a trouble is read from."""
    status, metadata = obj["status"], obj["metadata"]
    steps = [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]
    told = {
        (c["type"], c["status"], c.get("reason"), c.get("message"))
        for c in status.get("conditions", [])
        if c["type"] in _TELLING
    }
    return (
        metadata["uid"],
        "deletionTimestamp" in metadata,
        metadata.get("labels"),
        metadata.get("ownerReferences"),
        *(status.get(key) for key in ("phase", "reason", "message")),
        told - {_SCHEDULED},
        [_state(step.get("state", {})) for step in steps],
    )


def _state(state: Mapping[str, Any]) -> Any:
    waiting = state.get("waiting", {})
    return state.get("terminated") or (waiting if waiting.get("reason") in TROUBLE_REASONS else None)


_TELLING = {"Complete", "Failed", "PodScheduled", "DisruptionTarget"}
_SCHEDULED = ("PodScheduled", "True", None, None)
