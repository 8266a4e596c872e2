"""The garbage collector: deletes dependents whose owners no longer exist, and carries out orphan and foreground deletion."""

from __future__ import annotations

from collections.abc import Iterable

from kubernaut_sandbox.access.request_context import DeleteOptions
from kubernaut_sandbox.cluster import Cluster
from kubernaut_sandbox.controllers.loop import Controller, Key
from kubernaut_sandbox.model.objects import Object, is_deleting, meta, name_of, namespace_of, uid_of, with_meta
from kubernaut_sandbox.model.store import Change
from kubernaut_sandbox.registry.deletion import FOREGROUND, ORPHAN

_ObjectKey = tuple[str, str, str]
"""Resource, namespace and name."""


class GarbageCollector(Controller):
    """Keeps an index from owners to dependents. Its keys are a resource and `namespace/name`."""

    name = "generic-garbage-collector"

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self._dependents: dict[str, set[_ObjectKey]] = {}
        self._existing_uids: set[str] = {
            uid_of(obj) for resource in self.store.resources() for obj in self.store.list(resource)
        }

    def keys(self, change: Change) -> Iterable[Key]:
        key = (change.resource, namespace_of(change.new), name_of(change.new))
        self._update_index(change, key)
        if change.type == "DELETED":
            for resource, namespace, name in self._dependents.get(uid_of(change.new), ()):
                yield resource, f"{namespace}/{name}"
        if change.type == "DELETED" or is_deleting(change.new):
            for resource, namespace, name in self._foreground_owners(change.new):
                yield resource, f"{namespace}/{name}"
        if change.type != "DELETED" and (_owners(change.new) or is_deleting(change.new)):
            yield change.resource, f"{key[1]}/{key[2]}"

    def sync(self, key: Key) -> float | None:
        resource, (namespace, _, name) = key[0], key[1].partition("/")
        obj = self.store.get(resource, namespace, name)
        if obj is None:
            return None
        finalizers = meta(obj).get("finalizers") or ()
        if is_deleting(obj) and ORPHAN in finalizers:
            self._orphan(resource, obj)
        elif is_deleting(obj) and FOREGROUND in finalizers:
            self._delete_dependents(resource, obj)
        else:
            self._collect(resource, obj)
        return None

    def _update_index(self, change: Change, key: _ObjectKey) -> None:
        if change.type == "DELETED":
            self._existing_uids.discard(uid_of(change.new))
        else:
            self._existing_uids.add(uid_of(change.new))
        for owner in _owners(change.old or {}):
            self._dependents.get(owner["uid"], set()).discard(key)
        if change.type != "DELETED":
            for owner in _owners(change.new):
                self._dependents.setdefault(owner["uid"], set()).add(key)

    def _foreground_owners(self, obj: Object) -> Iterable[_ObjectKey]:
        for owner in _owners(obj):
            kind = next(
                (k for k in self.registry.kinds if (k.kind, k.api_version) == (owner["kind"], owner["apiVersion"])),
                None,
            )
            if kind:
                yield kind.resource, namespace_of(obj) if kind.namespaced else "", owner["name"]

    def _collect(self, resource: str, obj: Object) -> None:
        """Delete an object whose owners no longer exist; when some exist, remove the references to the others."""
        owners = _owners(obj)
        present = [owner for owner in owners if owner["uid"] in self._existing_uids]
        if not owners or len(present) == len(owners) or is_deleting(obj):
            return
        kind = self.registry.kinds.by_resource(resource)
        if present:
            self.registry.mutate(
                self.context, kind, namespace_of(obj), name_of(obj), lambda old: with_meta(old, ownerReferences=present)
            )
            return
        options = DeleteOptions(propagation="Background", uid=uid_of(obj))
        self.cluster.deleter.delete(self.context, kind, namespace_of(obj), name_of(obj), options)

    def _orphan(self, resource: str, obj: Object) -> None:
        uid = uid_of(obj)
        for dependent, namespace, name in tuple(self._dependents.get(uid, ())):
            self.registry.mutate(
                self.context,
                self.registry.kinds.by_resource(dependent),
                namespace,
                name,
                lambda old: _without_owner(old, uid),
            )
        self._remove_finalizer(resource, obj, ORPHAN)

    def _delete_dependents(self, resource: str, obj: Object) -> None:
        blocked = False
        for dependent, namespace, name in tuple(self._dependents.get(uid_of(obj), ())):
            dependent_object = self.store.get(dependent, namespace, name)
            if dependent_object is None:
                continue
            blocked = blocked or any(
                o.get("blockOwnerDeletion") for o in _owners(dependent_object) if o["uid"] == uid_of(obj)
            )
            if not is_deleting(dependent_object):
                policy = "Foreground" if self._dependents.get(uid_of(dependent_object)) else "Background"
                self.cluster.deleter.delete(
                    self.context,
                    self.registry.kinds.by_resource(dependent),
                    namespace,
                    name,
                    DeleteOptions(propagation=policy),
                )
        remaining = any(self.store.get(*key) for key in self._dependents.get(uid_of(obj), ()))
        if not (blocked and remaining):
            self._remove_finalizer(resource, obj, FOREGROUND)

    def _remove_finalizer(self, resource: str, obj: Object, finalizer: str) -> None:
        kind = self.registry.kinds.by_resource(resource)
        remaining = [item for item in meta(obj).get("finalizers") or () if item != finalizer]
        self.registry.mutate(
            self.context,
            kind,
            namespace_of(obj),
            name_of(obj),
            lambda old: with_meta(old, finalizers=remaining or None),
        )


def _owners(obj: Object) -> list[Object]:
    return meta(obj).get("ownerReferences") or []


def _without_owner(obj: Object, uid: str) -> Object:
    return with_meta(obj, ownerReferences=[owner for owner in _owners(obj) if owner["uid"] != uid] or None)
