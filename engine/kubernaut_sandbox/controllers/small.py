"""Small controllers: finished Jobs past their time, used quota, and definitions that become established."""

from __future__ import annotations

from collections.abc import Iterable

from kubernaut_sandbox.controllers.loop import Controller, Key
from kubernaut_sandbox.model.objects import (
    Object,
    condition_of,
    has_condition,
    is_deleting,
    meta,
    name_of,
    namespace_of,
    put_condition,
    seconds_since,
    spec_of,
    status_of,
    uid_of,
    with_meta,
)
from kubernaut_sandbox.model.store import Change
from kubernaut_sandbox.registry.calls import Deletion
from kubernaut_sandbox.registry.custom import CLEANUP, RESOURCE
from kubernaut_sandbox.registry.quotas import counted, usage


class TtlController(Controller):
    """Deletes finished Jobs when ttlSecondsAfterFinished is over."""

    name = "ttl-after-finished-controller"

    def keys(self, change: Change) -> Iterable[Key]:
        if change.resource == "jobs.batch" and spec_of(change.new).get("ttlSecondsAfterFinished") is not None:
            yield namespace_of(change.new), name_of(change.new)

    def sync(self, key: Key) -> float | None:
        job = self.store.get("jobs.batch", *key)
        ttl = spec_of(job or {}).get("ttlSecondsAfterFinished")
        if job is None or ttl is None or is_deleting(job):
            return None
        finished = next(
            (c for kind in ("Complete", "Failed") if has_condition(job, kind) and (c := condition_of(job, kind))), None
        )
        if finished is None:
            return None
        left: float = ttl - seconds_since(finished["lastTransitionTime"])
        if left > 0:
            return left
        how = Deletion(propagation="Foreground", uid=uid_of(job))
        self.cluster.deleter.delete(self.call, self.registry.kinds.named("jobs.batch"), *key, how)
        return None


class QuotaController(Controller):
    """Keeps the used amounts of ResourceQuotas."""

    name = "resourcequota-controller"

    def keys(self, change: Change) -> Iterable[Key]:
        if change.resource == "resourcequotas" and change.type != "DELETED":
            yield namespace_of(change.new), name_of(change.new)
        for quota in self.store.list("resourcequotas", namespace_of(change.new)) if namespace_of(change.new) else ():
            if any(counted(name) == change.resource for name in spec_of(quota).get("hard") or {}):
                yield namespace_of(quota), name_of(quota)

    def sync(self, key: Key) -> float | None:
        quota = self.store.get("resourcequotas", *key)
        if quota is not None:
            hard = spec_of(quota).get("hard") or {}
            used = {name: str(usage(self.store, name, key[0])) for name in hard}
            self.put_status("resourcequotas", quota, {"hard": hard, "used": used} if hard else {})
        return None


class DefinitionController(Controller):
    """Says of a CustomResourceDefinition that it is served, which it is from the moment it is stored."""

    name = "crd-controller"

    def keys(self, change: Change) -> Iterable[Key]:
        if change.resource == RESOURCE and change.type != "DELETED":
            yield "", name_of(change.new)
        elif change.type == "DELETED" and self.store.get(RESOURCE, "", change.resource):
            yield "", change.resource

    def sync(self, key: Key) -> float | None:
        definition = self.store.get(RESOURCE, *key)
        if definition is None:
            return None
        if is_deleting(definition):
            self._clean(definition)
            return None
        conditions = status_of(definition).get("conditions") or []
        for kind, reason, message in (
            ("NamesAccepted", "NoConflicts", "no conflicts found"),
            ("Established", "InitialNamesAccepted", "the initial names have been accepted"),
        ):
            conditions = put_condition(
                conditions, {"type": kind, "status": "True", "reason": reason, "message": message}
            )
        stored = [version["name"] for version in spec_of(definition)["versions"] if version.get("storage")]
        kept = [*(name for name in status_of(definition).get("storedVersions") or () if name not in stored), *stored]
        status = {"conditions": conditions, "acceptedNames": spec_of(definition)["names"], "storedVersions": kept}
        self.put_status(RESOURCE, definition, status)
        return None

    def _clean(self, definition: Object) -> None:
        """Delete what was defined; the definition goes when nothing of it is left."""
        resource = name_of(definition)
        for obj in self.store.list(resource):
            if not is_deleting(obj):
                kind = self.registry.kinds.named(resource)
                self.cluster.deleter.delete(self.call, kind, namespace_of(obj), name_of(obj), Deletion())
        if not self.store.list(resource):
            kind = self.registry.kinds.named(RESOURCE)
            self.registry.mutate(self.call, kind, "", resource, _without_cleanup)


def _without_cleanup(definition: Object) -> Object:
    left = [item for item in meta(definition).get("finalizers") or () if item != CLEANUP]
    return with_meta(definition, finalizers=left or None)
