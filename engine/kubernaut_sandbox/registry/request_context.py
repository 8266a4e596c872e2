"""The circumstances of one request, handed through every layer that handles it."""

from __future__ import annotations

from dataclasses import dataclass, field

from kubernaut_sandbox.access.users import ADMIN, User, controller_user
from kubernaut_sandbox.model.kinds import Kind
from kubernaut_sandbox.model.objects import Object, uid_of
from kubernaut_sandbox.model.statuses import conflict


@dataclass(frozen=True, slots=True)
class Call:
    """Who asks, and how it is meant."""

    user: User = ADMIN
    dry_run: bool = False
    field_validation: str = "Warn"
    warnings: list[str] = field(default_factory=list)
    """Filled while the request is handled; sent as Warning headers."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """How a deletion is meant: the parts of DeleteOptions that matter."""

    grace_seconds: int | None = None
    propagation: str = ""
    uid: str = ""
    revision: str = ""

    def check(self, kind: Kind, obj: Object) -> None:
        """Refuse when the preconditions do not hold."""
        name = obj["metadata"]["name"]
        if self.uid and self.uid != uid_of(obj):
            why = f"the UID in the precondition ({self.uid}) does not match the UID in record ({uid_of(obj)}). "
            raise conflict(kind.qualified, name, f"{why}The object might have been deleted and then recreated")
        have = obj["metadata"]["resourceVersion"]
        if self.revision and self.revision != have:
            why = f"the ResourceVersion in the precondition ({self.revision}) does not match the ResourceVersion in record ({have}). "
            raise conflict(kind.qualified, name, f"{why}The object might have been modified")


def controller_call(name: str) -> Call:
    """The call of one of the sandbox's own controllers."""
    return Call(controller_user(name), field_validation="Ignore")
