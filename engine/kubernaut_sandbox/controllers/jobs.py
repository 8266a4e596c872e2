"""The Job controller: creates pods until enough have succeeded, too many have failed, or the deadline has passed.

A pod has the tracking finalizer until the Job's status counts it, so that every pod is counted exactly once.
"""

from __future__ import annotations

from kubernaut_sandbox.cluster import Cluster
from kubernaut_sandbox.controllers.job_state import BackoffRecord, ConditionReason, JobState, read_state
from kubernaut_sandbox.controllers.loop import Key
from kubernaut_sandbox.controllers.pod_failure_policy import match_failure_policy
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
_FAILURE_TARGET, _SUCCESS_CRITERIA_MET = "FailureTarget", "SuccessCriteriaMet"
_COMPLETIONS_REACHED = ConditionReason("CompletionsReached", "Reached expected number of succeeded pods")
_DEADLINE_EXCEEDED = ConditionReason("DeadlineExceeded", "Job was active longer than specified deadline")
_BACKOFF_LIMIT_EXCEEDED = ConditionReason("BackoffLimitExceeded", "Job has reached the specified backoff limit")


class JobController(WorkloadController):
    """Counts the finished pods of a Job, decides whether it has ended, and creates the pods that are missing."""

    name = "job-controller"
    kind = "Job"
    resource = "jobs.batch"

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self._pod_kind = cluster.kinds.by_resource("pods")
        self._backoff_records: dict[str, BackoffRecord] = {}
        """By Job uid. As in Kubernetes, the records are only in memory: a controller that restarts does not wait."""

    def delay(self, change: Change) -> float:
        return self.cluster.options.job_sync_delay if change.resource == "pods" else 0.0

    def sync_workload(self, job: Object) -> float | None:
        state = read_state(job, self.owned(job), TRACKING, self.cluster.options)
        if has_condition(job, "Complete") or has_condition(job, "Failed"):
            self._backoff_records.pop(uid_of(job), None)
            self._untrack(state.pods)
            return None
        return self._sync_unfinished(job, state)

    def sync_deleting(self, job: Object) -> None:
        self._backoff_records.pop(uid_of(job), None)
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

    def _sync_unfinished(self, job: Object, state: JobState) -> float | None:
        status = self._with_counts(job, state)
        end = self._decide_end(job, state, status)
        if end is not None:
            self._finish(job, state, status, end)
            return None
        if spec_of(job).get("suspend"):
            self._suspend(job, state, status)
            return None
        if has_condition(job, "Suspended"):
            status = self._with_condition(status, "Suspended", ConditionReason("JobResumed", "Job resumed"), "False")
            status = {**status, "startTime": now()}
            self.events.normal(job, "Resumed", "Job resumed")
        status.setdefault("startTime", now())
        job = self._write(job, state, status)
        backoff = self._create_missing_pods(job, state)
        self._write_counts(job)
        return _earliest(backoff, self._seconds_to_deadline(job))

    def _with_counts(self, job: Object, state: JobState) -> Object:
        """Return the status with the counts of pods, including those that finished since the last sync."""
        status = dict(status_of(job))
        succeeded, failed = status.get("succeeded", 0) + len(state.uncounted_succeeded), status.get("failed", 0)
        failed += sum(match_failure_policy(job, pod).action != "Ignore" for pod in state.uncounted_failed)
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

    def _decide_end(self, job: Object, state: JobState, status: Object) -> tuple[str, ConditionReason] | None:
        """Return the condition that ends the Job, and its reason; None while the Job continues. A decision is final."""
        for kind in (_FAILURE_TARGET, _SUCCESS_CRITERIA_MET):
            if (decided := condition_of(job, kind)) and decided["status"] == "True":
                return kind, ConditionReason(decided["reason"], decided["message"])
        spec = spec_of(job)
        for pod in state.uncounted_failed:
            match = match_failure_policy(job, pod)
            if match.action == "FailJob":
                return _FAILURE_TARGET, ConditionReason("PodFailurePolicy", match.message)
        if status.get("failed", 0) > spec["backoffLimit"] or state.exceeds_restart_limit(spec["backoffLimit"]):
            return _FAILURE_TARGET, _BACKOFF_LIMIT_EXCEEDED
        if self._seconds_to_deadline(job) == 0:
            return _FAILURE_TARGET, _DEADLINE_EXCEEDED
        if state.is_complete(spec, status.get("succeeded", 0)):
            return _SUCCESS_CRITERIA_MET, _COMPLETIONS_REACHED
        return None

    def _finish(self, job: Object, state: JobState, status: Object, end: tuple[str, ConditionReason]) -> None:
        kind, reason = end
        for pod in state.active:
            self.pods.delete(job, pod)
        remaining = len(state.active) + len(state.terminating)
        status = self._with_condition(status, kind, reason)
        status |= {"active": 0, "ready": 0, "terminating": remaining}
        if not remaining:
            last = "Failed" if kind == _FAILURE_TARGET else "Complete"
            status = self._with_condition(status, last, reason)
            if last == "Complete":
                status["completionTime"] = now()
        status.pop("active")
        self._write(job, state, status)
        if not remaining:
            if kind == _FAILURE_TARGET:
                self.events.warning(job, reason.reason, reason.message)
            else:
                self.events.normal(job, "Completed", "Job completed")

    def _suspend(self, job: Object, state: JobState, status: Object) -> None:
        self._delete_uncounted(job, state.active)
        if not has_condition(job, "Suspended"):
            self.events.normal(job, "Suspended", "Job suspended")
        status = self._with_condition(status, "Suspended", ConditionReason("JobSuspended", "Job suspended"))
        status.pop("active", None)
        status.pop("startTime", None)
        self._write(job, state, status)

    def _create_missing_pods(self, job: Object, state: JobState) -> float | None:
        """Create the missing pods, or delete surplus ones; return the seconds to wait while the backoff is not over."""
        missing = state.missing_pods(spec_of(job), status_of(job).get("succeeded", 0))
        if missing < 0:
            self._delete_uncounted(job, state.active[missing:])
            return None
        if missing and (wait := state.backoff_seconds(self._backoff_records.get(uid_of(job), BackoffRecord()))) > 0:
            return wait
        for _ in range(missing):
            template = spec_of(job)["template"]
            self.pods.create(job, template, finalizers=[TRACKING])
        return None

    def _delete_uncounted(self, job: Object, pods: list[Object]) -> None:
        """Delete pods that are no longer needed; untrack them first, so that they do not count as failed."""
        for pod in pods:
            self._untrack([pod])
            self.pods.delete(job, pod)

    def _write(self, job: Object, state: JobState, status: Object) -> Object:
        written = self.put_status(self.resource, job, status)
        self._backoff_records[uid_of(job)] = state.backoff_record_after(
            self._backoff_records.get(uid_of(job), BackoffRecord())
        )
        self._untrack([*state.uncounted_succeeded, *state.uncounted_failed])
        return written

    def _write_counts(self, job: Object) -> None:
        """Write the number of active pods after new ones were created; `_write` has written everything else."""
        state = read_state(job, self.owned(job), TRACKING, self.cluster.options)
        if state.active_count != status_of(job).get("active", 0):
            active = {"active": state.active_count} if state.active_count else {}
            others = {key: value for key, value in status_of(job).items() if key != "active"}
            self.put_status(self.resource, job, {**others, **active})

    def _with_condition(self, status: Object, kind: str, reason: ConditionReason, value: str = "True") -> Object:
        condition = {
            "type": kind,
            "status": value,
            "lastProbeTime": now(),
            "reason": reason.reason,
            "message": reason.message,
        }
        present = next((c for c in status.get("conditions") or () if c["type"] == kind), None)
        if present and present["status"] == value:
            return status
        return {**status, "conditions": put_condition(status.get("conditions") or (), condition)}

    def _seconds_to_deadline(self, job: Object) -> float | None:
        """Return the seconds left of activeDeadlineSeconds: 0 when it has passed, None when there is no deadline."""
        deadline, start = spec_of(job).get("activeDeadlineSeconds"), status_of(job).get("startTime")
        if deadline is None or not start or spec_of(job).get("suspend"):
            return None
        remaining: float = deadline - seconds_since(start)
        return max(remaining, 0.0)

    def _untrack(self, pods: list[Object]) -> None:
        for pod in pods:
            if TRACKING in (meta(pod).get("finalizers") or ()) and self.store.get(
                "pods", namespace_of(pod), name_of(pod)
            ):
                self.registry.mutate(self.context, self._pod_kind, namespace_of(pod), name_of(pod), _without_tracking)


def _without_tracking(pod: Object) -> Object:
    return with_meta(pod, finalizers=[item for item in meta(pod).get("finalizers") or () if item != TRACKING] or None)


def _earliest(*waits: float | None) -> float | None:
    return min((wait for wait in waits if wait is not None), default=None)
