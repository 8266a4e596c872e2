"""What the workload controllers share: finding the pods they own, and making and removing them."""

from __future__ import annotations

from kubernaut_sandbox.controllers.events import Events
from kubernaut_sandbox.model.objects import (
    Object,
    has_condition,
    is_deleting,
    meta,
    name_of,
    namespace_of,
    owner_reference,
    spec_of,
    status_of,
    uid_of,
)
from kubernaut_sandbox.model.statuses import ApiError
from kubernaut_sandbox.registry.deletion import Deleter
from kubernaut_sandbox.registry.registry import Registry
from kubernaut_sandbox.registry.request_context import Call, Deletion


class PodControl:
    """Makes and removes pods in the name of a controller."""

    def __init__(self, registry: Registry, deleter: Deleter, call: Call, events: Events) -> None:
        self._registry, self._deleter, self._call, self._events = registry, deleter, call, events
        self._kind = registry.kinds.named("pods")

    def create(self, owner: Object, template: Object, name: str = "", **metadata: object) -> Object:
        """A pod of the template; a refusal is told in an Event and raised."""
        given = {"name": name} if name else {"generateName": f"{name_of(owner)}-"}
        given |= {key: value for key, value in meta(template).items() if key in ("labels", "annotations", "finalizers")}
        pod = {
            "metadata": {**given, "ownerReferences": [owner_reference(owner)], **metadata},
            "spec": spec_of(template),
        }
        try:
            made = self._registry.create(self._call, self._kind, namespace_of(owner), pod)
        except ApiError as error:
            self._events.warning(owner, "FailedCreate", f"Error creating: {error.message}")
            raise
        self._events.normal(owner, "SuccessfulCreate", f"Created pod: {name_of(made)}")
        return made

    def delete(self, owner: Object, pod: Object) -> None:
        """Remove a pod, gracefully."""
        self._deleter.delete(self._call, self._kind, namespace_of(pod), name_of(pod), Deletion(uid=uid_of(pod)))
        self._events.normal(owner, "SuccessfulDelete", f"Deleted pod: {name_of(pod)}")


def is_finished(pod: Object) -> bool:
    """Whether the pod has ended, well or not."""
    return status_of(pod).get("phase") in ("Succeeded", "Failed")


def is_active(pod: Object) -> bool:
    """Whether the pod runs, or will, and nobody is ending it."""
    return not is_finished(pod) and not is_deleting(pod)


def is_ready(pod: Object) -> bool:
    """Whether the pod is ready."""
    return has_condition(pod, "Ready")
