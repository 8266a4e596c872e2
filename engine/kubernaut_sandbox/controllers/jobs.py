"""The Job controller: pods until enough succeeded, or too many failed, or too much time went by.

Pods carry the tracking finalizer until the Job's status has counted them, so that none is counted twice or not at all.
"""

from __future__ import annotations

from kubernaut_sandbox.cluster import Cluster
from kubernaut_sandbox.controllers.job_state import Ending, Failures, JobState, read_state
from kubernaut_sandbox.controllers.loop import Key
from kubernaut_sandbox.controllers.pod_failure_policy import verdict
from kubernaut_sandbox.controllers.pods import is_finished
from kubernaut_sandbox.controllers.workloads import WorkloadController
from kubernaut_sandbox.model.objects import (
    Object,
    condition_of,
    controller_of,
    has_condition,
    meta,
    name_of,
    namespace_of,
    now,
    put_condition,
    seconds_since,
    spec_of,
    status_of,
    uid_of,
    with_meta,
)
from kubernaut_sandbox.model.store import Change

TRACKING = "batch.kubernetes.io/job-tracking"
_FAILURE, _SUCCESS = "FailureTarget", "SuccessCriteriaMet"
_REACHED = Ending("CompletionsReached", "Reached expected number of succeeded pods")
_LATE = Ending("DeadlineExceeded", "Job was active longer than specified deadline")
_WORN = Ending("BackoffLimitExceeded", "Job has reached the specified backoff limit")


class JobController(WorkloadController):
    """One sync per Job."""

    name = "job-controller"
    kind = "Job"
    resource = "jobs.batch"

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self._pod_kind = cluster.kinds.named("pods")
        self._failures: dict[str, Failures] = {}
        """By Job uid; in memory alone, as the real controller has it: one that restarts does not wait."""

    def delay(self, change: Change) -> float:
        return self.cluster.options.job_sync_delay if change.resource == "pods" else 0.0

    def sync_workload(self, job: Object) -> float | None:
        state = read_state(job, self.owned(job), TRACKING, self.cluster.options)
        if has_condition(job, "Complete") or has_condition(job, "Failed"):
            self._failures.pop(uid_of(job), None)
            self._untrack(state.pods)
            return None
        return self._advance(job, state)

    def sync_deleting(self, job: Object) -> None:
        self._failures.pop(uid_of(job), None)
        self._untrack([pod for pod in self.owned(job) if is_finished(pod)])

    def sync_deleted(self, key: Key) -> None:
        """Untrack the pods of the Job, so that they can be removed."""
        namespace, name = key
        orphans = [
            pod
            for pod in self.store.list("pods", namespace)
            if (owner := controller_of(pod)) and (owner["kind"], owner["name"]) == (self.kind, name)
        ]
        self._untrack(orphans)

    def _advance(self, job: Object, state: JobState) -> float | None:
        counted = self._counted(job, state)
        ending = self._ending(job, state, counted)
        if ending is not None:
            self._wind_up(job, state, counted, ending)
            return None
        if spec_of(job).get("suspend"):
            self._suspend(job, state, counted)
            return None
        if has_condition(job, "Suspended"):
            counted = self._condition(counted, "Suspended", Ending("JobResumed", "Job resumed"), "False")
            counted = {**counted, "startTime": now()}
            self.events.normal(job, "Resumed", "Job resumed")
        counted.setdefault("startTime", now())
        job = self._write(job, state, counted)
        again = self._replenish(job, state)
        self._write_counts(job)
        return _soonest(again, self._until_deadline(job))

    def _counted(self, job: Object, state: JobState) -> Object:
        """The status with the pods counted that ended since."""
        status = dict(status_of(job))
        succeeded, failed = status.get("succeeded", 0) + len(state.new_succeeded), status.get("failed", 0)
        failed += sum(verdict(job, pod).action != "Ignore" for pod in state.new_failed)
        amounts = {"succeeded": succeeded, "failed": failed, "active": state.active_count}
        for field, amount in amounts.items():
            if amount:
                status[field] = amount
            else:
                status.pop(field, None)
        return {
            **status,
            "ready": state.ready_count,
            "terminating": state.terminating_count,
            "uncountedTerminatedPods": {},
        }

    def _ending(self, job: Object, state: JobState, counted: Object) -> tuple[str, Ending] | None:
        """Which end the Job is coming to, if any; once decided it stays."""
        for kind in (_FAILURE, _SUCCESS):
            if (settled := condition_of(job, kind)) and settled["status"] == "True":
                return kind, Ending(settled["reason"], settled["message"])
        spec = spec_of(job)
        for pod in state.new_failed:
            found = verdict(job, pod)
            if found.action == "FailJob":
                return _FAILURE, Ending("PodFailurePolicy", found.message)
        if counted.get("failed", 0) > spec["backoffLimit"] or state.restarted_beyond(spec["backoffLimit"]):
            return _FAILURE, _WORN
        if self._until_deadline(job) == 0:
            return _FAILURE, _LATE
        if state.completed(spec, counted.get("succeeded", 0)):
            return _SUCCESS, _REACHED
        return None

    def _wind_up(self, job: Object, state: JobState, counted: Object, decided: tuple[str, Ending]) -> None:
        kind, ending = decided
        for pod in state.active:
            self.pods.delete(job, pod)
        left = len(state.active) + len(state.terminating)
        counted = self._condition(counted, kind, ending)
        counted |= {"active": 0, "ready": 0, "terminating": left}
        if not left:
            last = "Failed" if kind == _FAILURE else "Complete"
            counted = self._condition(counted, last, ending)
            if last == "Complete":
                counted["completionTime"] = now()
        counted.pop("active")
        self._write(job, state, counted)
        if not left:
            if kind == _FAILURE:
                self.events.warning(job, ending.reason, ending.message)
            else:
                self.events.normal(job, "Completed", "Job completed")

    def _suspend(self, job: Object, state: JobState, counted: Object) -> None:
        self._discard(job, state.active)
        if not has_condition(job, "Suspended"):
            self.events.normal(job, "Suspended", "Job suspended")
        counted = self._condition(counted, "Suspended", Ending("JobSuspended", "Job suspended"))
        counted.pop("active", None)
        counted.pop("startTime", None)
        self._write(job, state, counted)

    def _replenish(self, job: Object, state: JobState) -> float | None:
        """Make the pods that are missing; returns how long to wait when the backoff is not over."""
        wanted = state.missing(spec_of(job), status_of(job).get("succeeded", 0))
        if wanted < 0:
            self._discard(job, state.active[wanted:])
            return None
        if wanted and (wait := state.backoff(self._failures.get(uid_of(job), Failures()))) > 0:
            return wait
        for _ in range(wanted):
            template = spec_of(job)["template"]
            self.pods.create(job, template, finalizers=[TRACKING])
        return None

    def _discard(self, job: Object, pods: list[Object]) -> None:
        """Remove pods that are not wanted any more: untracked first, so that they do not count as failed."""
        for pod in pods:
            self._untrack([pod])
            self.pods.delete(job, pod)

    def _write(self, job: Object, state: JobState, status: Object) -> Object:
        written = self.put_status(self.resource, job, status)
        self._failures[uid_of(job)] = state.failures_since(self._failures.get(uid_of(job), Failures()))
        self._untrack([*state.new_succeeded, *state.new_failed])
        return written

    def _write_counts(self, job: Object) -> None:
        """The number of active pods once new ones were made; everything else was just written."""
        state = read_state(job, self.owned(job), TRACKING, self.cluster.options)
        if state.active_count != status_of(job).get("active", 0):
            active = {"active": state.active_count} if state.active_count else {}
            kept = {key: value for key, value in status_of(job).items() if key != "active"}
            self.put_status(self.resource, job, {**kept, **active})

    def _condition(self, status: Object, kind: str, ending: Ending, value: str = "True") -> Object:
        condition = {
            "type": kind,
            "status": value,
            "lastProbeTime": now(),
            "reason": ending.reason,
            "message": ending.message,
        }
        present = next((c for c in status.get("conditions") or () if c["type"] == kind), None)
        if present and present["status"] == value:
            return status
        return {**status, "conditions": put_condition(status.get("conditions") or (), condition)}

    def _until_deadline(self, job: Object) -> float | None:
        """Seconds left of activeDeadlineSeconds; 0 when it is over, None when there is none."""
        deadline, start = spec_of(job).get("activeDeadlineSeconds"), status_of(job).get("startTime")
        if deadline is None or not start or spec_of(job).get("suspend"):
            return None
        left: float = deadline - seconds_since(start)
        return max(left, 0.0)

    def _untrack(self, pods: list[Object]) -> None:
        for pod in pods:
            if TRACKING in (meta(pod).get("finalizers") or ()) and self.store.get(
                "pods", namespace_of(pod), name_of(pod)
            ):
                self.registry.mutate(self.call, self._pod_kind, namespace_of(pod), name_of(pod), _untracked)


def _untracked(pod: Object) -> Object:
    return with_meta(pod, finalizers=[item for item in meta(pod).get("finalizers") or () if item != TRACKING] or None)


def _soonest(*waits: float | None) -> float | None:
    return min((wait for wait in waits if wait is not None), default=None)
