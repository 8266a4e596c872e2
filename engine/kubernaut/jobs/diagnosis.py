"""What keeps a pod from running: a value with parts, recorded in the condition `PodReady` and read back from it."""

from __future__ import annotations

from dataclasses import dataclass

from kubernaut.api.execution import ExecutionStatus, Reason


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One cause."""

    reason: str
    """One CamelCase word: `ImagePullFailed`, or as Kubernetes has it, such as `Unschedulable` or `FailedMount`."""
    message: str
    """A clause without a full stop, naming the object."""

    @property
    def is_image_pull(self) -> bool:
        """Whether an image cannot be pulled."""
        return self.reason == Reason.IMAGE_PULL_FAILED


def last_diagnosis(status: ExecutionStatus) -> Diagnosis | None:
    """Return what status last recorded as keeping the pod from running: the cause, if the pods that showed it are gone."""
    condition = status.condition("PodReady")
    if condition is None or condition.status == "True":
        return None
    return Diagnosis(condition.reason, condition.message)
