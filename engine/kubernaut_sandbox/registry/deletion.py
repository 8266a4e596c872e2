"""Deletion: immediate where nothing delays it; otherwise the object is marked until finalizers and grace period are over.

The garbage collector deletes dependents; this module turns the propagation policy into the finalizer that requests it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from kubernaut_sandbox.access.request_context import DeleteOptions, RequestContext
from kubernaut_sandbox.admission.request import AdmissionRequest
from kubernaut_sandbox.model.kinds import Kind, in_version
from kubernaut_sandbox.model.objects import (
    Object,
    is_deleting,
    meta,
    name_of,
    namespace_of,
    now,
    spec_of,
    status_of,
    uid_of,
    with_meta,
)
from kubernaut_sandbox.model.selectors import Selector
from kubernaut_sandbox.model.statuses import forbidden, success
from kubernaut_sandbox.registry.registry import Registry
from kubernaut_sandbox.registry.updates import is_removable

ORPHAN, FOREGROUND = "orphan", "foregroundDeletion"
_FINALIZERS = {"Orphan": ORPHAN, "Foreground": FOREGROUND}
_PERMANENT_NAMESPACES = frozenset({"default", "kube-system", "kube-public"})
_RETURNS_OBJECT = frozenset({"pods", "serviceaccounts", "resourcequotas", "services"})
_JOB_WARNING = (
    "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set "
    "propagationPolicy=Orphan to suppress this warning"
)


class Deleter:
    """Deletes objects, or marks them as being deleted."""

    def __init__(self, registry: Registry) -> None:
        self._registry, self._store = registry, registry.store

    def delete(self, context: RequestContext, kind: Kind, namespace: str, name: str, options: DeleteOptions) -> Object:
        """Delete an object; return the Status of a completed deletion, or the object that is being deleted.

        Raises ApiError when the object does not exist, or when the preconditions or the API forbid the deletion.
        """
        return self._delete(context, kind, self._registry.get(kind, namespace, name), options, requested_name=name)

    def _delete(
        self, context: RequestContext, kind: Kind, obj: Object, options: DeleteOptions, requested_name: str
    ) -> Object:
        name = name_of(obj)
        options.check_preconditions(kind, obj)
        if kind.resource == "namespaces" and name in _PERMANENT_NAMESPACES:
            raise forbidden(kind.resource, name, "this namespace may not be deleted")
        self._registry.admission.validate(_request(context, kind, obj, requested_name))
        marked = self._marked(context, kind, obj, options)
        if marked is not None and not is_removable(kind, marked):
            stored = marked if context.dry_run or marked == obj else self._store.put(kind.resource, marked)
            return in_version(kind, stored)
        last = obj if context.dry_run else self._store.remove(kind.resource, marked or obj)
        if kind.resource in _RETURNS_OBJECT:
            return in_version(kind, last)
        details = {"name": name, "group": kind.group, "kind": kind.plural, "uid": uid_of(obj)}
        return success({key: value for key, value in details.items() if value})

    def delete_collection(
        self, context: RequestContext, kind: Kind, namespace: str, selector: Selector, options: DeleteOptions
    ) -> list[Object]:
        """Delete every selected object; return them as they were."""
        selected = self._registry.list(kind, namespace, selector)
        for obj in selected:
            self._delete(context, kind, obj, options, requested_name="")
        return selected

    def _marked(self, context: RequestContext, kind: Kind, obj: Object, options: DeleteOptions) -> Object | None:
        """Return the object as marked for deletion; None when nothing delays the deletion."""
        finalizers = self._finalizers(context, kind, obj, options)
        if kind.resource == "pods":
            return _marked_pod(obj, finalizers, options)
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

    def _finalizers(self, context: RequestContext, kind: Kind, obj: Object, options: DeleteOptions) -> list[str]:
        present = list(meta(obj).get("finalizers") or ())
        policy = options.propagation
        if not policy and kind.resource == "jobs.batch":
            context.warnings.append(_JOB_WARNING)
            policy = "Orphan"
        if not policy:
            return present
        requested = _FINALIZERS.get(policy)
        others = [item for item in present if item not in (ORPHAN, FOREGROUND)]
        return [*others, requested] if requested else others


def _request(context: RequestContext, kind: Kind, obj: Object, name: str) -> AdmissionRequest:
    namespace = name_of(obj) if kind.resource == "namespaces" else namespace_of(obj)
    return AdmissionRequest(context, "DELETE", kind, namespace, name, old=obj)


def _marked_pod(pod: Object, finalizers: list[str], options: DeleteOptions) -> Object | None:
    grace = _grace_seconds(pod, options)
    if not grace and not finalizers:
        return None
    end = (datetime.now(UTC) + timedelta(seconds=grace)).strftime("%Y-%m-%dT%H:%M:%SZ")
    unchanged = is_deleting(pod) and grace == meta(pod).get("deletionGracePeriodSeconds")
    deletion_time = meta(pod)["deletionTimestamp"] if unchanged else end
    generation = meta(pod).get("generation", 0) + (0 if is_deleting(pod) else 1)
    times = {"deletionTimestamp": deletion_time, "deletionGracePeriodSeconds": grace, "generation": generation}
    return with_meta(pod, **times, finalizers=finalizers or None)


def _grace_seconds(pod: Object, options: DeleteOptions) -> int:
    """Return the grace period. It is 0 where no process runs, and a later deletion can only shorten it."""
    requested = options.grace_seconds
    if is_deleting(pod) and requested is None:
        return int(meta(pod).get("deletionGracePeriodSeconds", 0))
    if requested is None:
        requested = spec_of(pod).get("terminationGracePeriodSeconds", 30)
    finished = status_of(pod).get("phase") in ("Succeeded", "Failed")
    grace = 0 if finished or not spec_of(pod).get("nodeName") else 1 if requested < 0 else requested
    return int(min(grace, meta(pod).get("deletionGracePeriodSeconds", 0)) if is_deleting(pod) else grace)
