"""A Job's pods, sorted the way the Job controller thinks about them, and the arithmetic on them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from kubernaut_sandbox.controllers.pods import is_finished, is_ready
from kubernaut_sandbox.model.objects import Object, is_deleting, meta, parse_time, seconds_since, spec_of, status_of
from kubernaut_sandbox.options import SandboxOptions


@dataclass(frozen=True, slots=True)
class Ending:
    """Reason and message of how a Job ends."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Failures:
    """How many pods failed in a row, and when the last one did."""

    count: int = 0
    last: str = ""


@dataclass(frozen=True, slots=True)
class JobState:
    """The pods of one Job at this moment."""

    pods: list[Object]
    active: list[Object]
    terminating: list[Object]
    """Being deleted and not yet ended."""
    new_succeeded: list[Object]
    new_failed: list[Object]
    """Ended and not yet counted in the status."""
    waits_for_terminating: bool
    options: SandboxOptions

    @property
    def active_count(self) -> int:
        """status.active."""
        return len(self.active)

    @property
    def ready_count(self) -> int:
        """status.ready."""
        return sum(is_ready(pod) for pod in self.active)

    @property
    def terminating_count(self) -> int:
        """status.terminating."""
        return len(self.terminating)

    def restarted_beyond(self, limit: int) -> bool:
        """Whether containers restarted in place (restartPolicy OnFailure) more often than the backoff limit allows."""
        restarts = 0
        for pod in self.active:
            if spec_of(pod).get("restartPolicy") == "OnFailure":
                statuses = (
                    *(status_of(pod).get("initContainerStatuses") or ()),
                    *(status_of(pod).get("containerStatuses") or ()),
                )
                restarts += sum(status.get("restartCount", 0) for status in statuses)
        return restarts > 0 if limit == 0 else restarts >= limit

    def completed(self, spec: Object, succeeded: int) -> bool:
        """Whether enough pods succeeded."""
        if spec.get("completions") is None:
            return succeeded > 0 and not self.active and not self.terminating
        return succeeded >= int(spec["completions"])

    def missing(self, spec: Object, succeeded: int) -> int:
        """How many pods to make; negative for too many."""
        wanted = spec["parallelism"]
        if spec.get("completions") is not None:
            wanted = min(wanted, max(spec["completions"] - succeeded, 0))
        elif succeeded:
            wanted = min(wanted, len(self.active))
        present = len(self.active) + (len(self.terminating) if self.waits_for_terminating else 0)
        return int(wanted - present)

    def failures_since(self, before: Failures) -> Failures:
        """The failures in a row once the pods that ended since are added, ignored ones too."""
        found = before
        for pod in sorted((*self.new_succeeded, *self.new_failed), key=_ended_at):
            failed = status_of(pod).get("phase") != "Succeeded"
            found = Failures(found.count + 1, _ended_at(pod)) if failed else Failures()
        return found

    def backoff(self, failures: Failures) -> float:
        """Seconds until the next pod may be made: doubling with every failure since the last success."""
        if not failures.count:
            return 0.0
        base, most = self.options.backoff_base_seconds, self.options.backoff_max_seconds
        wait: float = min(base * 2 ** min(failures.count - 1, 30), most)
        return wait - seconds_since(failures.last)


def read_state(job: Object, pods: list[Object], finalizer: str, options: SandboxOptions) -> JobState:
    """Sort the Job's pods."""
    uncounted = [pod for pod in pods if finalizer in (meta(pod).get("finalizers") or ())]
    strict = spec_of(job).get("podReplacementPolicy") == "Failed"
    lost = [pod for pod in uncounted if _is_lost(pod)]
    return JobState(
        pods,
        active=[pod for pod in pods if not is_finished(pod) and not is_deleting(pod)],
        terminating=[pod for pod in pods if is_deleting(pod) and not is_finished(pod) and pod not in lost],
        new_succeeded=[pod for pod in uncounted if status_of(pod).get("phase") == "Succeeded"],
        new_failed=[pod for pod in uncounted if _has_failed(pod, strict=strict)],
        waits_for_terminating=strict,
        options=options,
    )


def _has_failed(pod: Object, *, strict: bool) -> bool:
    """Whether to count it: once it is Failed, and where not only failed pods are replaced, as soon as it is deleted."""
    if is_finished(pod):
        return bool(status_of(pod)["phase"] == "Failed")
    return _is_lost(pod) or (is_deleting(pod) and not strict)


def _is_lost(pod: Object) -> bool:
    """Deleted before it came to a node: nobody else will ever say that it is over."""
    return is_deleting(pod) and not spec_of(pod).get("nodeName")


def _ended_at(pod: Object) -> str:
    statuses = (*(status_of(pod).get("initContainerStatuses") or ()), *(status_of(pod).get("containerStatuses") or ()))
    times = [
        ended["finishedAt"]
        for s in statuses
        if (ended := (s.get("state") or {}).get("terminated")) and ended.get("finishedAt")
    ]
    if times:
        return str(max(times, key=parse_time))
    if not is_deleting(pod):
        return str(meta(pod)["creationTimestamp"])
    begun = parse_time(meta(pod)["deletionTimestamp"]) - timedelta(
        seconds=meta(pod).get("deletionGracePeriodSeconds") or 0
    )
    return begun.isoformat()
