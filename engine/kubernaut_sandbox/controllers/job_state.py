"""The pods of a Job, sorted by what the Job controller does with them, and the arithmetic on them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from kubernaut_sandbox.controllers.pods import is_finished, is_ready
from kubernaut_sandbox.model.objects import Object, is_deleting, meta, parse_time, seconds_since, spec_of, status_of
from kubernaut_sandbox.options import SandboxOptions


@dataclass(frozen=True, slots=True)
class ConditionReason:
    """The reason and the message of a Job's condition."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class BackoffRecord:
    """How many pods failed in a row, and the time of the last failure; empty without one."""

    count: int = 0
    last: str = ""


@dataclass(frozen=True, slots=True)
class JobState:
    """The pods of a Job at this moment."""

    pods: list[Object]
    active: list[Object]
    terminating: list[Object]
    """Pods that are being deleted and have not finished."""
    uncounted_succeeded: list[Object]
    uncounted_failed: list[Object]
    """Pods that have finished, and that the Job's status does not count yet."""
    waits_for_terminating: bool
    options: SandboxOptions

    @property
    def active_count(self) -> int:
        """Return status.active."""
        return len(self.active)

    @property
    def ready_count(self) -> int:
        """Return status.ready."""
        return sum(is_ready(pod) for pod in self.active)

    @property
    def terminating_count(self) -> int:
        """Return status.terminating."""
        return len(self.terminating)

    def exceeds_restart_limit(self, limit: int) -> bool:
        """Whether containers were restarted in place (restartPolicy OnFailure) more often than the backoff limit allows."""
        restarts = 0
        for pod in self.active:
            if spec_of(pod).get("restartPolicy") == "OnFailure":
                statuses = (
                    *(status_of(pod).get("initContainerStatuses") or ()),
                    *(status_of(pod).get("containerStatuses") or ()),
                )
                restarts += sum(status.get("restartCount", 0) for status in statuses)
        return restarts > 0 if limit == 0 else restarts >= limit

    def is_complete(self, spec: Object, succeeded: int) -> bool:
        """Whether enough pods have succeeded."""
        if spec.get("completions") is None:
            return succeeded > 0 and not self.active and not self.terminating
        return succeeded >= int(spec["completions"])

    def missing_pods(self, spec: Object, succeeded: int) -> int:
        """Return how many pods to create; negative when there are too many."""
        desired = spec["parallelism"]
        if spec.get("completions") is not None:
            desired = min(desired, max(spec["completions"] - succeeded, 0))
        elif succeeded:
            desired = min(desired, len(self.active))
        present = len(self.active) + (len(self.terminating) if self.waits_for_terminating else 0)
        return int(desired - present)

    def backoff_record_after(self, before: BackoffRecord) -> BackoffRecord:
        """Return the record after the uncounted pods, including those that the failure policy ignores."""
        record = before
        for pod in sorted((*self.uncounted_succeeded, *self.uncounted_failed), key=_finished_at):
            failed = status_of(pod).get("phase") != "Succeeded"
            record = BackoffRecord(record.count + 1, _finished_at(pod)) if failed else BackoffRecord()
        return record

    def backoff_seconds(self, record: BackoffRecord) -> float:
        """Return the seconds until the next pod can be created; the backoff doubles with every failure in a row."""
        if not record.count:
            return 0.0
        base, maximum = self.options.backoff_base_seconds, self.options.backoff_max_seconds
        wait: float = min(base * 2 ** min(record.count - 1, 30), maximum)
        return wait - seconds_since(record.last)


def read_state(job: Object, pods: list[Object], finalizer: str, options: SandboxOptions) -> JobState:
    """Sort the pods of a Job; `finalizer` marks those that its status does not count yet."""
    uncounted = [pod for pod in pods if finalizer in (meta(pod).get("finalizers") or ())]
    strict = spec_of(job).get("podReplacementPolicy") == "Failed"
    lost = [pod for pod in uncounted if _is_lost(pod)]
    return JobState(
        pods,
        active=[pod for pod in pods if not is_finished(pod) and not is_deleting(pod)],
        terminating=[pod for pod in pods if is_deleting(pod) and not is_finished(pod) and pod not in lost],
        uncounted_succeeded=[pod for pod in uncounted if status_of(pod).get("phase") == "Succeeded"],
        uncounted_failed=[pod for pod in uncounted if _has_failed(pod, strict=strict)],
        waits_for_terminating=strict,
        options=options,
    )


def _has_failed(pod: Object, *, strict: bool) -> bool:
    """Whether the pod counts as failed: when it is Failed or lost, and unless `strict`, as soon as it is being deleted."""
    if is_finished(pod):
        return bool(status_of(pod)["phase"] == "Failed")
    return _is_lost(pod) or (is_deleting(pod) and not strict)


def _is_lost(pod: Object) -> bool:
    """Whether the pod is being deleted and has no node: no kubelet will ever report its end."""
    return is_deleting(pod) and not spec_of(pod).get("nodeName")


def _finished_at(pod: Object) -> str:
    statuses = (*(status_of(pod).get("initContainerStatuses") or ()), *(status_of(pod).get("containerStatuses") or ()))
    times = [
        terminated["finishedAt"]
        for s in statuses
        if (terminated := (s.get("state") or {}).get("terminated")) and terminated.get("finishedAt")
    ]
    if times:
        return str(max(times, key=parse_time))
    if not is_deleting(pod):
        return str(meta(pod)["creationTimestamp"])
    start = parse_time(meta(pod)["deletionTimestamp"]) - timedelta(
        seconds=meta(pod).get("deletionGracePeriodSeconds") or 0
    )
    return start.isoformat()
