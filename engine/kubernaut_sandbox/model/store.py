"""Where the objects are, and every change made to them: what etcd and the watch cache are to a cluster.

One revision counts over all resources. Objects are handed out as they are kept, so readers never change them. Every change
goes to the listeners (watches, controllers) at once and stays in a bounded history for watches that resume.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from kubernaut_sandbox.model.objects import Object, name_of, namespace_of, with_meta
from kubernaut_sandbox.model.statuses import expired

ChangeType = Literal["ADDED", "MODIFIED", "DELETED"]
_HISTORY = 5000
"""Changes kept for resuming watches, over all resources."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one object; `new` of a deletion is its last state at the deletion's revision."""

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
        self._forgotten = 0
        self._listeners: list[Listener] = []

    def get(self, resource: str, namespace: str, name: str) -> Object | None:
        """The object as kept."""
        return self._objects.get(resource, {}).get(namespace, {}).get(name)

    def resources(self) -> Iterator[str]:
        """Every resource that has objects."""
        return (resource for resource, spaces in self._objects.items() if any(spaces.values()))

    def put(self, resource: str, obj: Object) -> Object:
        """Keep the object under the next revision, which becomes its resourceVersion."""
        self.revision += 1
        kept = with_meta(obj, resourceVersion=str(self.revision))
        space = self._objects.setdefault(resource, {}).setdefault(namespace_of(obj), {})
        old = space.get(name_of(obj))
        space[name_of(obj)] = kept
        self._announce(Change(self.revision, "MODIFIED" if old else "ADDED", resource, old, kept))
        return kept

    def remove(self, resource: str, obj: Object) -> Object:
        """Forget the object; its last state carries the revision of its end."""
        self.revision += 1
        space = self._objects[resource][namespace_of(obj)]
        old = space.pop(name_of(obj))
        if not space:
            del self._objects[resource][namespace_of(obj)]
        last = with_meta(obj, resourceVersion=str(self.revision))
        self._announce(Change(self.revision, "DELETED", resource, old, last))
        return last

    def changes_since(self, resource: str, revision: int) -> list[Change]:
        """What happened to a resource after that revision, or 410 when it is too long ago."""
        if revision < self._forgotten:
            raise expired(f"too old resource version: {revision} ({self._forgotten})")
        return [change for change in self._history if change.revision > revision and change.resource == resource]

    def present(self) -> Iterator[Change]:
        """Everything there is, told as if it were new: where a listener that comes late begins."""
        for resource in tuple(self.resources()):
            for obj in self.list(resource):
                yield Change(self.revision, "ADDED", resource, None, obj)

    def compact(self) -> None:
        """Forget the history: watches can resume from the present only."""
        self._history.clear()
        self._forgotten = self.revision

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call the listener with every change, at once; returns how to stop it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def list(self, resource: str, namespace: str = "") -> list[Object]:
        """All of a resource, of one namespace or of all, ordered by namespace and name."""
        spaces = self._objects.get(resource, {})
        chosen = [namespace] if namespace else sorted(spaces)
        return [space[name] for key in chosen if (space := spaces.get(key)) for name in sorted(space)]

    def _announce(self, change: Change) -> None:
        self._history.append(change)
        if len(self._history) > _HISTORY:
            self._forgotten = self._history.popleft().revision
        for listener in tuple(self._listeners):
            listener(change)
