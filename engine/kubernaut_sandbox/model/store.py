"""The store of all objects and of the changes to them: what etcd and the watch cache are to a real cluster.

One revision counts the changes of all resources. Readers get the stored objects themselves, so they must not modify them. Every
change is passed to the listeners (watches, controllers) immediately, and stays in a bounded history for watches that resume.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from kubernaut_sandbox.model.objects import Object, name_of, namespace_of, with_meta
from kubernaut_sandbox.model.statuses import expired

ChangeType = Literal["ADDED", "MODIFIED", "DELETED"]
_MAX_HISTORY = 5000
"""How many changes the history keeps, of all resources together."""


@dataclass(frozen=True, slots=True)
class Change:
    """A change of an object; in a deletion, `new` is the last state, with the revision of the deletion."""

    revision: int
    type: ChangeType
    resource: str
    old: Object | None
    new: Object


Listener = Callable[[Change], None]


class Store:
    """All objects of the cluster, by resource, namespace and name."""

    def __init__(self) -> None:
        self.revision = 1
        self._objects: dict[str, dict[str, dict[str, Object]]] = {}
        self._history: deque[Change] = deque()
        self._compacted_revision = 0
        self._listeners: list[Listener] = []

    def get(self, resource: str, namespace: str, name: str) -> Object | None:
        """Return the stored object; None when it does not exist."""
        return self._objects.get(resource, {}).get(namespace, {}).get(name)

    def resources(self) -> Iterator[str]:
        """Return every resource that has objects."""
        return (resource for resource, spaces in self._objects.items() if any(spaces.values()))

    def put(self, resource: str, obj: Object) -> Object:
        """Store the object; the next revision becomes its resourceVersion. Return the stored object."""
        self.revision += 1
        stored = with_meta(obj, resourceVersion=str(self.revision))
        space = self._objects.setdefault(resource, {}).setdefault(namespace_of(obj), {})
        old = space.get(name_of(obj))
        space[name_of(obj)] = stored
        self._notify(Change(self.revision, "MODIFIED" if old else "ADDED", resource, old, stored))
        return stored

    def remove(self, resource: str, obj: Object) -> Object:
        """Remove the object; return its last state, with the revision of the removal as its resourceVersion."""
        self.revision += 1
        space = self._objects[resource][namespace_of(obj)]
        old = space.pop(name_of(obj))
        if not space:
            del self._objects[resource][namespace_of(obj)]
        last = with_meta(obj, resourceVersion=str(self.revision))
        self._notify(Change(self.revision, "DELETED", resource, old, last))
        return last

    def changes_since(self, resource: str, revision: int) -> list[Change]:
        """Return the changes of a resource after that revision; raise a 410 when the history does not reach back to it."""
        if revision < self._compacted_revision:
            raise expired(f"too old resource version: {revision} ({self._compacted_revision})")
        return [change for change in self._history if change.revision > revision and change.resource == resource]

    def snapshot(self) -> Iterator[Change]:
        """Return every object as if it had just been added: a new listener starts from these changes."""
        for resource in tuple(self.resources()):
            for obj in self.list(resource):
                yield Change(self.revision, "ADDED", resource, None, obj)

    def compact(self) -> None:
        """Drop the history: watches can resume only from the present revision."""
        self._history.clear()
        self._compacted_revision = self.revision

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call the listener with every change, immediately; return a function that unsubscribes it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def list(self, resource: str, namespace: str = "") -> list[Object]:
        """Return the objects of a resource, in one namespace or in all, ordered by namespace and name."""
        spaces = self._objects.get(resource, {})
        chosen = [namespace] if namespace else sorted(spaces)
        return [space[name] for key in chosen if (space := spaces.get(key)) for name in sorted(space)]

    def _notify(self, change: Change) -> None:
        self._history.append(change)
        if len(self._history) > _MAX_HISTORY:
            self._compacted_revision = self._history.popleft().revision
        for listener in tuple(self._listeners):
            listener(change)
