"""The controller of CustomResourceDefinitions: establishes new ones, and empties those that are being deleted."""

from __future__ import annotations

from collections.abc import Iterable

from kubernaut_sandbox.access.request_context import DeleteOptions
from kubernaut_sandbox.controllers.loop import Controller, Key
from kubernaut_sandbox.model.objects import (
    Object,
    is_deleting,
    meta,
    name_of,
    namespace_of,
    put_condition,
    spec_of,
    status_of,
    with_meta,
)
from kubernaut_sandbox.model.store import Change
from kubernaut_sandbox.registry.custom_resources import CLEANUP_FINALIZER, CRD_RESOURCE

_CONDITIONS = (
    ("NamesAccepted", "NoConflicts", "no conflicts found"),
    ("Established", "InitialNamesAccepted", "the initial names have been accepted"),
)


class CustomResourceDefinitionController(Controller):
    """Reports a definition as established. It is served from the moment it is stored, so this only writes its status."""

    name = "crd-controller"

    def keys(self, change: Change) -> Iterable[Key]:
        if change.resource == CRD_RESOURCE and change.type != "DELETED":
            yield "", name_of(change.new)
        elif change.type == "DELETED" and self.store.get(CRD_RESOURCE, "", change.resource):
            yield "", change.resource

    def sync(self, key: Key) -> float | None:
        definition = self.store.get(CRD_RESOURCE, *key)
        if definition is None:
            return None
        if is_deleting(definition):
            self._delete_instances(definition)
            return None
        conditions = status_of(definition).get("conditions") or []
        for kind, reason, message in _CONDITIONS:
            condition = {"type": kind, "status": "True", "reason": reason, "message": message}
            conditions = put_condition(conditions, condition)
        stored = [version["name"] for version in spec_of(definition)["versions"] if version.get("storage")]
        earlier = [name for name in status_of(definition).get("storedVersions") or () if name not in stored]
        names = spec_of(definition)["names"]
        status = {"conditions": conditions, "acceptedNames": names, "storedVersions": [*earlier, *stored]}
        self.put_status(CRD_RESOURCE, definition, status)
        return None

    def _delete_instances(self, definition: Object) -> None:
        """Delete the custom resources of the definition; drop its finalizer when none is left."""
        resource = name_of(definition)
        for obj in self.store.list(resource):
            if not is_deleting(obj):
                kind = self.registry.kinds.by_resource(resource)
                self.cluster.deleter.delete(self.context, kind, namespace_of(obj), name_of(obj), DeleteOptions())
        if not self.store.list(resource):
            kind = self.registry.kinds.by_resource(CRD_RESOURCE)
            self.registry.mutate(self.context, kind, "", resource, _without_cleanup)


def _without_cleanup(definition: Object) -> Object:
    finalizers = [item for item in meta(definition).get("finalizers") or () if item != CLEANUP_FINALIZER]
    return with_meta(definition, finalizers=finalizers or None)
