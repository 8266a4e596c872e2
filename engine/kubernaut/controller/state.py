"""A snapshot of one execution with its Job and pods, and the transition that it implies. Pure: no I/O and no clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from kubernaut.api.view import ExecutionView
from kubernaut.jobs.ownership import is_job_of, is_pod_of, uid_of
from kubernaut.kube.informer import Informer
from kubernaut.kube.objects import CachedObject, Key, Object


@dataclass(frozen=True, slots=True)
class Leftovers:
    """Jobs and pods of earlier executions of the same name."""

    jobs: list[Object]
    pods: list[CachedObject]


@dataclass(frozen=True, slots=True)
class ObservedState:
    """One execution, its Job, and the Job's pods, those included that have been deleted since."""

    key: Key
    execution: ExecutionView | None
    job: Object | None
    pods: list[CachedObject]
    leftovers: Leftovers


@dataclass(frozen=True, slots=True)
class CleanUp:
    """The execution is gone: its Jobs must go too."""


@dataclass(frozen=True, slots=True)
class Finalize:
    """Its end is recorded: set the Job's TTL, and delete the execution when its own has passed."""

    execution: ExecutionView
    job: Object | None


@dataclass(frozen=True, slots=True)
class Cancel:
    """Someone asked for it to be stopped."""

    execution: ExecutionView
    job: Object | None
    pods: list[CachedObject]


@dataclass(frozen=True, slots=True)
class Monitor:
    """Its Job is running: see how far it is."""

    execution: ExecutionView
    job: Object
    pods: list[CachedObject]


@dataclass(frozen=True, slots=True)
class Adopt:
    """There is a Job that status does not record: an engine died before it could, or someone else made it."""

    execution: ExecutionView
    job: Object


@dataclass(frozen=True, slots=True)
class RecoverJob:
    """Status records a Job that is not there: find out whether that is true."""

    execution: ExecutionView
    job_name: str
    pods: list[CachedObject]


@dataclass(frozen=True, slots=True)
class Start:
    """It has not started."""

    execution: ExecutionView


Transition = CleanUp | Finalize | Cancel | Monitor | Adopt | RecoverJob | Start


def decide(state: ObservedState) -> Transition:
    """Return the one transition for what is observed."""
    execution, job = state.execution, state.job
    if execution is None:
        return CleanUp()
    if execution.has_ended:
        return Finalize(execution, job)
    if execution.is_cancelled:
        return Cancel(execution, job, state.pods)
    recorded = execution.job_name
    if job is not None:
        return Monitor(execution, job, state.pods) if recorded else Adopt(execution, job)
    return RecoverJob(execution, recorded, state.pods) if recorded else Start(execution)


class DeletedPodCache:
    """Pods that were deleted before their execution's end was recorded, as they were last seen.

    The job controller deletes the pods of a Job at its deadline before it reports it, and people delete pods by hand. What such a pod
    reported would be lost without this cache. It is in memory only: an engine that was down meanwhile reports that it does not know.
    """

    def __init__(self) -> None:
        self._by_uid: dict[str, dict[str, CachedObject]] = {}

    def remember(self, pod: CachedObject) -> None:
        """Keep a pod that is deleted now."""
        name = pod.json["metadata"]["name"]
        self._by_uid.setdefault(uid_of(pod.json), {})[name] = replace(pod, deleted=True)

    def of(self, uid: str) -> list[CachedObject]:
        """Return the deleted pods of the execution with this uid."""
        return list(self._by_uid.get(uid, {}).values())

    def forget(self, uid: str) -> None:
        """Drop them: the execution's end is recorded, or it is gone itself."""
        self._by_uid.pop(uid, None)


@dataclass(frozen=True, slots=True)
class Caches:
    """The three informers, and the pods that are remembered beyond them."""

    executions: Informer
    jobs: Informer
    pods: Informer
    deleted_pods: DeletedPodCache

    def view(self, key: Key) -> ExecutionView | None:
        """Return the execution of this key, or None."""
        cached = self.executions.get(key)
        return view_of(cached) if cached else None

    def views(self) -> Iterator[ExecutionView]:
        """Yield every execution."""
        return map(view_of, self.executions)

    def snapshot(self, key: Key) -> ObservedState:
        """Return all that is known of one execution, from memory."""
        execution = self.view(key)
        jobs, pods = [cached.json for cached in self.jobs.indexed(str(key))], self.pods.indexed(str(key))
        if execution is None:
            return ObservedState(key, None, None, [], Leftovers(jobs, pods))
        name, uid = execution.name, execution.uid
        job = next((job for job in jobs if is_job_of(job, name, uid)), None)
        own = [pod for pod in pods if is_pod_of(pod.json, name, uid, job)]
        leftovers = Leftovers([other for other in jobs if other is not job], [pod for pod in pods if pod not in own])
        return ObservedState(key, execution, job, [*own, *self.deleted_pods.of(uid)], leftovers)


def view_of(cached: CachedObject) -> ExecutionView:
    """Return the execution in a cached object."""
    return ExecutionView(cached.json, cached.first_seen)


def is_active(pod: CachedObject) -> bool:
    """Whether the pod may still do something."""
    return not pod.deleted and pod.json["status"].get("phase") not in {"Succeeded", "Failed"}
