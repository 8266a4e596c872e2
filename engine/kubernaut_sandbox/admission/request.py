"""A write as admission sees it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from kubernaut_sandbox.access.request_context import RequestContext
from kubernaut_sandbox.model.kinds import Kind, in_version
from kubernaut_sandbox.model.objects import Object, meta, name_of
from kubernaut_sandbox.model.statuses import ApiError, forbidden

Operation = Literal["CREATE", "UPDATE", "DELETE"]


@dataclass(frozen=True, slots=True)
class AdmissionRequest:
    """One write: who asks for what, and the object before and after it."""

    context: RequestContext
    operation: Operation
    kind: Kind
    """The resource of the URL, in the version of the URL."""
    namespace: str
    name: str
    """As in the URL or in the body. Empty before the API server has generated it, and in the deletion of a collection."""
    new: Object | None = None
    old: Object | None = None
    subresource: str = ""
    object_kind: Kind | None = None
    """The kind of the objects where it differs from that of the resource, such as a Scale."""

    @property
    def group_version_kind(self) -> Kind:
        """Return the kind of the objects."""
        return self.object_kind or self.kind

    def with_new(self, new: Object) -> AdmissionRequest:
        """Return the request with another object after the write."""
        return replace(self, new=new)

    def in_version(self, kind: Kind) -> AdmissionRequest:
        """Return the request as if it had been made for this version of the resource."""
        if kind is self.kind or self.object_kind:
            return self
        new, old = (None if obj is None else in_version(kind, obj) for obj in (self.new, self.old))
        return replace(self, kind=kind, new=new, old=old)

    def rejection(self, detail: str) -> ApiError:
        """Return a 403 about the object of the request."""
        metadata = meta(self.new or {})
        name = self.name or name_of(self.new or {}) or metadata.get("generateName") or "Unknown"
        return forbidden(self.kind.resource, name, detail)

    def document(self, requested: Kind) -> Object:
        """Return the variable `request` of an expression: an AdmissionRequest of admission.k8s.io/v1, without the objects.

        Args:
            requested: the resource of the URL, where a policy matches another version of it.
        """
        options = {"CREATE": "CreateOptions", "UPDATE": "UpdateOptions", "DELETE": "DeleteOptions"}[self.operation]
        optional = {
            "subResource": self.subresource,
            "requestSubResource": self.subresource,
            "name": self.name,
            "namespace": self.namespace,
        }
        return {
            "kind": _kind_document(self.group_version_kind),
            "resource": _resource_document(self.kind),
            "requestKind": _kind_document(self.object_kind or requested),
            "requestResource": _resource_document(requested),
            **{key: value for key, value in optional.items() if value},
            "operation": self.operation,
            "userInfo": {key: value for key, value in self.context.user.info().items() if value},
            "dryRun": self.context.dry_run,
            "options": {
                "kind": options,
                "apiVersion": "meta.k8s.io/v1",
                **({"dryRun": ["All"]} if self.context.dry_run else {}),
            },
        }


def _kind_document(kind: Kind) -> Object:
    return {"group": kind.group, "version": kind.version, "kind": kind.kind}


def _resource_document(kind: Kind) -> Object:
    return {"group": kind.group, "version": kind.version, "resource": kind.plural}
