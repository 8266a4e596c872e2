"""Containers that another system put into an action's pod: service meshes, secret stores, log shippers.

Only what their status says is known of them, and none of it is required: whether one runs, waits or has ended, and with which words. Their
termination messages are shown, and never read as a report.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kubernaut.api.execution import Reason
from kubernaut.jobs.diagnosis import Diagnosis
from kubernaut.jobs.termination import shorten

IMAGE_REASONS = {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"}
STUCK_REASONS = IMAGE_REASONS | {"CreateContainerConfigError", "CreateContainerError", "RunContainerError"}
"""Reasons of a waiting container that does not start by waiting."""
_CRASHING = "CrashLoopBackOff"
"""The reason of a native sidecar that ends again and again; the action's own containers are never restarted."""
_MAX_WORDS = 300


@dataclass(frozen=True, slots=True)
class ForeignContainer:
    """One container that is not a step of the action."""

    name: str
    image: str
    waiting: str
    waiting_message: str
    is_running: bool
    exit_code: int | None
    termination_reason: str
    termination_message: str

    @property
    def failed(self) -> bool:
        """Whether it ended with an error."""
        return bool(self.exit_code)

    @property
    def title(self) -> str:
        """Its name, and that it is not the action's."""
        return f"container {self.name}, which is not part of the action,"

    @property
    def failure(self) -> str:
        """How it failed, in one clause, with its own words."""
        if self.termination_reason == "OOMKilled":
            how = "exceeded its memory limit and was killed"
        else:
            how = f"failed with exit code {self.exit_code}"
        words = shorten(self.termination_message, _MAX_WORDS).rstrip(".")
        return f"{self.title} {how}{f': {words}' if words else ''}"

    @property
    def diagnosis(self) -> Diagnosis | None:
        """What keeps it from starting, and the pod with it."""
        details = self.waiting_message or "no details"
        if self.waiting in IMAGE_REASONS:
            cause = f"image {self.image} of {self.title} cannot be pulled ({self.waiting}): {details}"
        elif self.waiting in STUCK_REASONS or self.waiting == _CRASHING:
            cause = f"{self.title} does not start ({self.waiting}): {details}"
        else:
            return None
        return Diagnosis(Reason.CONTAINER_FAILED, cause)


def read_foreign_containers(statuses: Iterable[Mapping[str, Any]]) -> tuple[ForeignContainer, ...]:
    """Return the containers of these statuses."""
    return tuple(map(_foreign_container, statuses))


def _foreign_container(status: Mapping[str, Any]) -> ForeignContainer:
    state = status.get("state") or {}
    waiting, terminated = state.get("waiting") or {}, state.get("terminated") or {}
    return ForeignContainer(
        name=str(status.get("name", "")),
        image=str(status.get("image", "")),
        waiting=str(waiting.get("reason") or ""),
        waiting_message=str(waiting.get("message") or ""),
        is_running="running" in state,
        exit_code=terminated.get("exitCode"),
        termination_reason=str(terminated.get("reason") or ""),
        termination_message=str(terminated.get("message") or ""),
    )
