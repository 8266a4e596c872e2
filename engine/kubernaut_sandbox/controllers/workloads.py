"""What the controllers of workloads share: the keys that a change concerns, the objects a workload owns, and its life cycle."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from kubernaut_sandbox.cluster import Cluster
from kubernaut_sandbox.controllers.loop import Controller, Key
from kubernaut_sandbox.controllers.pods import PodControl
from kubernaut_sandbox.model.objects import Object, controller_of, is_deleting, name_of, namespace_of, uid_of
from kubernaut_sandbox.model.store import Change


class WorkloadController(Controller):
    """Base of the controllers that keep one kind of workload and the objects that it owns.

    A subclass names its kind and implements `sync_workload`; it overrides the other two methods where the end of a workload
    concerns it.
    """

    kind: ClassVar[str]
    resource: ClassVar[str]
    dependents: ClassVar[str] = "pods"
    """The resource of the objects that a workload owns."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self.pods = PodControl(self.registry, cluster.deleter, self.context, self.events)

    def keys(self, change: Change) -> Iterable[Key]:
        if change.resource == self.resource:
            yield namespace_of(change.new), name_of(change.new)
        elif change.resource == self.dependents:
            owner = controller_of(change.new)
            if owner and owner["kind"] == self.kind:
                yield namespace_of(change.new), owner["name"]

    def sync(self, key: Key) -> float | None:
        workload = self.store.get(self.resource, *key)
        if workload is None:
            self.sync_deleted(key)
            return None
        if is_deleting(workload):
            self.sync_deleting(workload)
            return None
        return self.sync_workload(workload)

    def sync_workload(self, workload: Object) -> float | None:
        """Sync a workload that is not being deleted; return the seconds until the next sync, or None."""
        raise NotImplementedError

    def sync_deleting(self, workload: Object) -> None:
        """Sync a workload that is being deleted; the garbage collector removes what it owns."""

    def sync_deleted(self, key: Key) -> None:
        """Clean up after a workload that no longer exists."""

    def owned(self, workload: Object) -> list[Object]:
        """Return the dependents that the workload controls."""
        dependents = self.store.list(self.dependents, namespace_of(workload))
        return [obj for obj in dependents if (controller_of(obj) or {}).get("uid") == uid_of(workload)]
