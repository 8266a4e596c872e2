"""What is known of one container: its state, its last one, how often it restarted; and how that reads in a status."""

from __future__ import annotations

from dataclasses import dataclass, field

from kubernaut_sandbox.model.objects import Object, now

CREATING = "ContainerCreating"
INITIALIZING = "PodInitializing"


@dataclass(slots=True)
class ContainerState:
    """The state of one container of one pod."""

    spec: Object
    reason: str = CREATING
    message: str = ""
    started_at: str = ""
    ended: Object | None = None
    last: Object | None = None
    restarts: int = 0
    ready: bool = False
    identity: str = field(default="")

    @property
    def name(self) -> str:
        """The container's name."""
        return str(self.spec["name"])

    @property
    def running(self) -> bool:
        """Whether its process runs."""
        return bool(self.started_at) and self.ended is None

    @property
    def succeeded(self) -> bool:
        """Whether it has ended well."""
        return self.ended is not None and self.ended["exitCode"] == 0

    def wait(self, reason: str, message: str = "") -> None:
        """It is not running, for that reason."""
        if self.ended is not None:
            self.last = self.ended
        self.reason, self.message, self.started_at, self.ended, self.ready = reason, message, "", None, False

    def start(self, identity: str) -> None:
        """Its process runs."""
        self.identity, self.started_at, self.ended = identity, now(), None

    def end(self, exit_code: int, reason: str, message: str = "", signal: int = 0) -> None:
        """Its process has ended, or never came to run."""
        self.ready = False
        self.ended = {
            "exitCode": exit_code,
            "reason": reason,
            "startedAt": self.started_at or None,
            "finishedAt": now(),
        }
        if signal:
            self.ended["signal"] = signal
        if message:
            self.ended["message"] = message
        if self.identity:
            self.ended["containerID"] = self.identity

    def lose(self) -> None:
        """The pod ended before it was ever seen to run: nobody knows better."""
        message = "The container could not be located when the pod was terminated"
        lost = {"exitCode": 137, "reason": "ContainerStatusUnknown", "message": message}
        self.ready, self.ended = False, {**lost, "startedAt": None, "finishedAt": None}

    def status(self) -> Object:
        """The entry of containerStatuses."""
        return {
            "name": self.name,
            "image": self.spec["image"],
            "imageID": "",
            "ready": self.ready,
            "started": self.running,
            "restartCount": self.restarts,
            "state": self._state(),
            "lastState": {"terminated": self.last} if self.last else {},
            **({"containerID": self.identity} if self.identity else {}),
        }

    def _state(self) -> Object:
        if self.ended is not None:
            return {"terminated": self.ended}
        if self.started_at:
            return {"running": {"startedAt": self.started_at}}
        return {"waiting": {"reason": self.reason, **({"message": self.message} if self.message else {})}}
