"""The state of a container, its previous state and its restarts, and the entry in the pod's status that shows them."""

from __future__ import annotations

from dataclasses import dataclass, field

from kubernaut_sandbox.model.objects import Object, now

CREATING = "ContainerCreating"
INITIALIZING = "PodInitializing"


@dataclass(slots=True)
class ContainerState:
    """The state of a container: waiting (with a reason), running, or terminated."""

    spec: Object
    reason: str = CREATING
    message: str = ""
    started_at: str = ""
    terminated: Object | None = None
    last_terminated: Object | None = None
    restarts: int = 0
    ready: bool = False
    container_id: str = field(default="")

    @property
    def name(self) -> str:
        """Return the container's name."""
        return str(self.spec["name"])

    @property
    def running(self) -> bool:
        """Whether the process runs."""
        return bool(self.started_at) and self.terminated is None

    @property
    def succeeded(self) -> bool:
        """Whether the container has exited with code 0."""
        return self.terminated is not None and self.terminated["exitCode"] == 0

    def set_waiting(self, reason: str, message: str = "") -> None:
        """Set the state to waiting, for a reason."""
        if self.terminated is not None:
            self.last_terminated = self.terminated
        self.reason, self.message, self.started_at, self.terminated, self.ready = reason, message, "", None, False

    def set_running(self, container_id: str) -> None:
        """Set the state to running."""
        self.container_id, self.started_at, self.terminated = container_id, now(), None

    def set_terminated(self, exit_code: int, reason: str, message: str = "", signal: int = 0) -> None:
        """Set the state to terminated: the process has exited, or could not be started."""
        self.ready = False
        self.terminated = {
            "exitCode": exit_code,
            "reason": reason,
            "startedAt": self.started_at or None,
            "finishedAt": now(),
        }
        if signal:
            self.terminated["signal"] = signal
        if message:
            self.terminated["message"] = message
        if self.container_id:
            self.terminated["containerID"] = self.container_id

    def mark_lost(self) -> None:
        """Set the state to terminated for a container that never ran before its pod ended."""
        message = "The container could not be located when the pod was terminated"
        lost = {"exitCode": 137, "reason": "ContainerStatusUnknown", "message": message}
        self.ready, self.terminated = False, {**lost, "startedAt": None, "finishedAt": None}

    def status(self) -> Object:
        """Return the entry of containerStatuses."""
        return {
            "name": self.name,
            "image": self.spec["image"],
            "imageID": "",
            "ready": self.ready,
            "started": self.running,
            "restartCount": self.restarts,
            "state": self._state(),
            "lastState": {"terminated": self.last_terminated} if self.last_terminated else {},
            **({"containerID": self.container_id} if self.container_id else {}),
        }

    def _state(self) -> Object:
        if self.terminated is not None:
            return {"terminated": self.terminated}
        if self.started_at:
            return {"running": {"startedAt": self.started_at}}
        return {"waiting": {"reason": self.reason, **({"message": self.message} if self.message else {})}}
