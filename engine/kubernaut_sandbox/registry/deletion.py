"""Deletion: at once where nothing waits, else marked, until finalizers and grace periods have run out.

Dependents are the garbage collector's work; here the propagation policy becomes the finalizer that asks for it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from kubernaut_sandbox.model.kinds import Kind
from kubernaut_sandbox.model.objects import (
    Object,
    is_deleting,
    meta,
    name_of,
    now,
    spec_of,
    status_of,
    uid_of,
    with_meta,
)
from kubernaut_sandbox.model.selectors import Selector
from kubernaut_sandbox.model.statuses import forbidden, success
from kubernaut_sandbox.registry.registry import Registry, presented
from kubernaut_sandbox.registry.request_context import Call, Deletion
from kubernaut_sandbox.registry.updates import worn_out

ORPHAN, FOREGROUND = "orphan", "foregroundDeletion"
_FINALIZERS = {"Orphan": ORPHAN, "Foreground": FOREGROUND}
_STANDING_NAMESPACES = frozenset({"default", "kube-system", "kube-public"})
_RETURNS_OBJECT = frozenset({"pods", "serviceaccounts", "resourcequotas", "services"})
_JOB_WARNING = (
    "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set "
    "propagationPolicy=Orphan to suppress this warning"
)


class Deleter:
    """Deletes objects."""

    def __init__(self, registry: Registry) -> None:
        self._registry, self._store = registry, registry.store

    def delete(self, call: Call, kind: Kind, namespace: str, name: str, how: Deletion) -> Object:
        """What the client is told: the Status of a finished deletion, or the object that is on its way."""
        obj = self._registry.get(kind, namespace, name)
        how.check(kind, obj)
        if kind.resource == "namespaces" and name in _STANDING_NAMESPACES:
            raise forbidden(kind.resource, name, "this namespace may not be deleted")
        left = self._marked(call, kind, obj, how)
        if left is not None and not worn_out(kind, left):
            kept = left if call.dry_run or left == obj else self._store.put(kind.resource, left)
            return presented(kind, kept)
        last = obj if call.dry_run else self._store.remove(kind.resource, left or obj)
        if kind.resource in _RETURNS_OBJECT:
            return presented(kind, last)
        details = {"name": name, "group": kind.group, "kind": kind.plural, "uid": uid_of(obj)}
        return success({key: value for key, value in details.items() if value})

    def delete_all(self, call: Call, kind: Kind, namespace: str, selector: Selector, how: Deletion) -> list[Object]:
        """Delete everything selected; returns what that was."""
        chosen = self._registry.list(kind, namespace, selector)
        for obj in chosen:
            self.delete(call, kind, namespace or meta(obj).get("namespace", ""), name_of(obj), how)
        return chosen

    def _marked(self, call: Call, kind: Kind, obj: Object, how: Deletion) -> Object | None:
        """The object as it stays behind; None when nothing makes it stay."""
        finalizers = self._finalizers(call, kind, obj, how)
        if kind.resource == "pods":
            return _marked_pod(obj, finalizers, how)
        if kind.resource == "namespaces":
            obj = {**obj, "status": {**status_of(obj), "phase": "Terminating"}}
            return obj if is_deleting(obj) else with_meta(obj, deletionTimestamp=now(), finalizers=finalizers or None)
        if not finalizers:
            return None
        if is_deleting(obj):
            return with_meta(obj, finalizers=finalizers)
        generation = (meta(obj).get("generation") or 0) + 1 if kind.has_generation else None
        return with_meta(
            obj, deletionTimestamp=now(), deletionGracePeriodSeconds=0, finalizers=finalizers, generation=generation
        )

    def _finalizers(self, call: Call, kind: Kind, obj: Object, how: Deletion) -> list[str]:
        present = list(meta(obj).get("finalizers") or ())
        policy = how.propagation
        if not policy and kind.resource == "jobs.batch":
            call.warnings.append(_JOB_WARNING)
            policy = "Orphan"
        if not policy:
            return present
        wanted = _FINALIZERS.get(policy)
        kept = [item for item in present if item not in (ORPHAN, FOREGROUND)]
        return [*kept, wanted] if wanted else kept


def _marked_pod(obj: Object, finalizers: list[str], how: Deletion) -> Object | None:
    finished = status_of(obj).get("phase") in ("Succeeded", "Failed")
    asked = spec_of(obj).get("terminationGracePeriodSeconds", 30) if how.grace_seconds is None else how.grace_seconds
    grace = 0 if finished or not spec_of(obj).get("nodeName") else max(asked, 0)
    if is_deleting(obj):
        grace = (
            min(grace, meta(obj).get("deletionGracePeriodSeconds", 0))
            if how.grace_seconds is not None
            else meta(obj).get("deletionGracePeriodSeconds", 0)
        )
    if not grace and not finalizers:
        return None
    end = (datetime.now(UTC) + timedelta(seconds=grace)).strftime("%Y-%m-%dT%H:%M:%SZ")
    when = (
        meta(obj)["deletionTimestamp"]
        if is_deleting(obj) and grace == meta(obj).get("deletionGracePeriodSeconds")
        else end
    )
    return with_meta(obj, deletionTimestamp=when, deletionGracePeriodSeconds=grace, finalizers=finalizers or None)
