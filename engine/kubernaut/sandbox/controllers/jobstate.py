"""A Job's pods, sorted the way the Job controller thinks about them, and the arithmetic on them."""

from __future__ import annotations

from dataclasses import dataclass

from kubernaut.sandbox.controllers.pods import is_finished, is_ready
from kubernaut.sandbox.model.objects import Object, is_deleting, meta, parse_time, seconds_since, spec_of, status_of
from kubernaut.sandbox.options import SandboxOptions


@dataclass(frozen=True, slots=True)
class Ending:
    """Reason and message of how a Job ends."""

    reason: str
    message: str


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

    def backoff(self) -> float:
        """Seconds until the next pod may be made: doubling with every failure since the last success."""
        ended = sorted((pod for pod in self.pods if is_finished(pod)), key=_ended_at)
        failures = 0
        for pod in ended:
            failures = failures + 1 if status_of(pod)["phase"] == "Failed" else 0
        if not failures:
            return 0.0
        wait: float = min(self.options.backoff_base_seconds * 2 ** (failures - 1), self.options.backoff_max_seconds)
        return wait - seconds_since(_ended_at(ended[-1]))


def read_state(job: Object, pods: list[Object], finalizer: str, options: SandboxOptions) -> JobState:
    """Sort the Job's pods."""
    uncounted = [pod for pod in pods if finalizer in (meta(pod).get("finalizers") or ())]
    strict = spec_of(job).get("podReplacementPolicy") == "Failed"
    gone = [
        pod
        for pod in uncounted
        if is_deleting(pod) and not is_finished(pod) and not meta(pod).get("deletionGracePeriodSeconds")
    ]
    return JobState(
        pods,
        active=[pod for pod in pods if not is_finished(pod) and not is_deleting(pod)],
        terminating=[pod for pod in pods if is_deleting(pod) and not is_finished(pod) and pod not in gone],
        new_succeeded=[pod for pod in uncounted if status_of(pod).get("phase") == "Succeeded"],
        new_failed=[pod for pod in uncounted if status_of(pod).get("phase") == "Failed"] + gone,
        waits_for_terminating=strict,
        options=options,
    )


def _ended_at(pod: Object) -> str:
    statuses = (*(status_of(pod).get("initContainerStatuses") or ()), *(status_of(pod).get("containerStatuses") or ()))
    times = [
        ended["finishedAt"]
        for s in statuses
        if (ended := (s.get("state") or {}).get("terminated")) and ended.get("finishedAt")
    ]
    return max(times, key=parse_time, default=str(meta(pod)["creationTimestamp"]))
