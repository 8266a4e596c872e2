"""The context of a request, and the options of a deletion, as every layer that handles them gets them."""

from __future__ import annotations

from dataclasses import dataclass, field

from kubernaut_sandbox.access.users import ADMIN, User, component_user
from kubernaut_sandbox.model.kinds import Kind
from kubernaut_sandbox.model.objects import Object, uid_of
from kubernaut_sandbox.model.statuses import conflict


@dataclass(frozen=True, slots=True)
class RequestContext:
    """The user of a request, and the options that every kind of request has."""

    user: User = ADMIN
    dry_run: bool = False
    field_validation: str = "Warn"
    warnings: list[str] = field(default_factory=list)
    """Added while the request is handled, and sent as Warning headers."""
    duplicate_fields: list[str] = field(default_factory=list)
    """What to report about fields that the body has more than once; reported with the unknown ones."""
    is_admitted: bool = False
    """Whether admission has accepted a request of which this write is the consequence, such as an eviction's deletion."""


@dataclass(frozen=True, slots=True)
class DeleteOptions:
    """The options of a deletion. `revision` is the resourceVersion of its preconditions, `uid` their uid."""

    grace_seconds: int | None = None
    propagation: str = ""
    uid: str = ""
    revision: str = ""

    @classmethod
    def from_document(cls, document: Object) -> DeleteOptions:
        """Return the options of a DeleteOptions document."""
        preconditions = document.get("preconditions") or {}
        return cls(
            document.get("gracePeriodSeconds"),
            document.get("propagationPolicy") or "",
            preconditions.get("uid") or "",
            preconditions.get("resourceVersion") or "",
        )

    def check_preconditions(self, kind: Kind, obj: Object) -> None:
        """Raise a 409 when the object does not meet the preconditions."""
        name = obj["metadata"]["name"]
        if self.uid and self.uid != uid_of(obj):
            detail = f"the UID in the precondition ({self.uid}) does not match the UID in record ({uid_of(obj)}). "
            raise conflict(kind.group_kind, name, f"{detail}The object might have been deleted and then recreated")
        stored = obj["metadata"]["resourceVersion"]
        if self.revision and self.revision != stored:
            detail = f"the ResourceVersion in the precondition ({self.revision}) does not match the ResourceVersion in record ({stored}). "
            raise conflict(kind.group_kind, name, f"{detail}The object might have been modified")


def controller_context(name: str) -> RequestContext:
    """Return the context in which one of the sandbox's own controllers reads and writes."""
    return RequestContext(component_user(name), field_validation="Ignore")
