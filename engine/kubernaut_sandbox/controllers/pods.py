"""What the workload controllers share about pods: creating and deleting them, and their states."""

from __future__ import annotations

from collections.abc import Iterable

from kubernaut_sandbox.access.request_context import DeleteOptions, RequestContext
from kubernaut_sandbox.controllers.events import EventRecorder
from kubernaut_sandbox.model.objects import (
    Object,
    condition_of,
    has_condition,
    is_deleting,
    meta,
    name_of,
    namespace_of,
    owner_reference,
    seconds_since,
    spec_of,
    status_of,
    uid_of,
)
from kubernaut_sandbox.model.statuses import ApiError
from kubernaut_sandbox.registry.deletion import Deleter
from kubernaut_sandbox.registry.registry import Registry


class PodControl:
    """Creates and deletes pods for a controller, with an Event about each."""

    def __init__(self, registry: Registry, deleter: Deleter, context: RequestContext, events: EventRecorder) -> None:
        self._registry, self._deleter, self._context, self._events = registry, deleter, context, events
        self._kind = registry.kinds.by_resource("pods")

    def create(self, owner: Object, template: Object, name: str = "", **metadata: object) -> Object:
        """Create a pod of the template, and return it.

        When the API rejects the pod, this records a FailedCreate Event and raises the ApiError. Further metadata fields of the
        pod are given by name.
        """
        given = {"name": name} if name else {"generateName": f"{name_of(owner)}-"}
        given |= {key: value for key, value in meta(template).items() if key in ("labels", "annotations", "finalizers")}
        pod = {
            "metadata": {**given, "ownerReferences": [owner_reference(owner)], **metadata},
            "spec": spec_of(template),
        }
        try:
            created = self._registry.create(self._context, self._kind, namespace_of(owner), pod)
        except ApiError as error:
            self._events.warning(owner, "FailedCreate", f"Error creating: {error.message}")
            raise
        self._events.normal(owner, "SuccessfulCreate", f"Created pod: {name_of(created)}")
        return created

    def delete(self, owner: Object, pod: Object) -> None:
        """Delete a pod, with its grace period."""
        self._deleter.delete(self._context, self._kind, namespace_of(pod), name_of(pod), DeleteOptions(uid=uid_of(pod)))
        self._events.normal(owner, "SuccessfulDelete", f"Deleted pod: {name_of(pod)}")


def is_finished(pod: Object) -> bool:
    """Whether the pod has succeeded or failed."""
    return status_of(pod).get("phase") in ("Succeeded", "Failed")


def is_active(pod: Object) -> bool:
    """Whether the pod has neither finished nor is being deleted."""
    return not is_finished(pod) and not is_deleting(pod)


def is_ready(pod: Object) -> bool:
    """Whether the pod is ready."""
    return has_condition(pod, "Ready")


def is_available(pod: Object, min_ready_seconds: int) -> bool:
    """Whether the pod has been ready for at least that many seconds."""
    return is_ready(pod) and seconds_until_available(pod, min_ready_seconds) <= 0


def seconds_until_available(pod: Object, min_ready_seconds: int) -> float:
    """Return the seconds until a ready pod becomes available; 0 or less when it is."""
    ready = condition_of(pod, "Ready") or {}
    elapsed: float = seconds_since(ready["lastTransitionTime"]) if ready.get("lastTransitionTime") else 0.0
    return min_ready_seconds - elapsed if min_ready_seconds else 0.0


def next_available(pods: Iterable[Object], min_ready_seconds: int) -> float | None:
    """Return the seconds until the next of the ready pods becomes available; None when none is waiting."""
    waits = [seconds_until_available(pod, min_ready_seconds) for pod in pods if is_ready(pod)]
    return min((wait for wait in waits if wait > 0), default=None)
