"""The context of a request, and the options of a deletion, as every layer that handles them gets them."""

from __future__ import annotations

from dataclasses import dataclass, field

from kubernaut_sandbox.access.users import ADMIN, User, component_user
from kubernaut_sandbox.model.kinds import Kind
from kubernaut_sandbox.model.objects import Object, uid_of
from kubernaut_sandbox.model.statuses import ApiError, conflict

_OWN_WORDS = ("namespaces", "customresourcedefinitions.apiextensions.k8s.io")


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
    """The options of a deletion. `revision` is the resourceVersion of its preconditions, `uid` their uid; None without one."""

    grace_seconds: int | None = None
    propagation: str = ""
    uid: str | None = None
    revision: str | None = None

    @classmethod
    def from_document(cls, document: Object) -> DeleteOptions:
        """Return the options of a DeleteOptions document."""
        preconditions = document.get("preconditions") or {}
        return cls(
            document.get("gracePeriodSeconds"),
            document.get("propagationPolicy") or "",
            preconditions.get("uid"),
            preconditions.get("resourceVersion"),
        )

    def check_preconditions(self, kind: Kind, obj: Object) -> None:
        """Raise a 409 when the object does not meet the preconditions; as in Kubernetes, empty ones are never met."""
        found, revision = uid_of(obj), obj["metadata"]["resourceVersion"]
        if self.uid is not None and self.uid != found:
            raise _unmet(kind, obj, ("UID", self.uid, found), "deleted and then recreated")
        if self.revision is not None and self.revision != revision:
            raise _unmet(kind, obj, ("ResourceVersion", self.revision, revision), "modified")


def _unmet(kind: Kind, obj: Object, values: tuple[str, str, str], past: str) -> ApiError:
    """Return the 409. Namespaces and CustomResourceDefinitions have words of their own."""
    (what, wanted, found), name = values, obj["metadata"]["name"]
    if kind.resource in _OWN_WORDS:
        detail = f"Precondition failed: {what} in precondition: {wanted}, {what} in object meta: {found}"
        return conflict(kind.resource, name, detail)
    detail = f"the {what} in the precondition ({wanted}) does not match the {what} in record ({found})"
    return conflict(kind.group_kind, name, f"{detail}. The object might have been {past}")


def controller_context(name: str) -> RequestContext:
    """Return the context in which one of the sandbox's own controllers reads and writes."""
    return RequestContext(component_user(name), field_validation="Ignore")
