"""Which executions may run now: one per target, the oldest first, and at most `maxRunning` of them.

This state has one owner, and is rebuilt at start-up from the Jobs that exist, so none of it needs to be stored.
"""

from __future__ import annotations

from dataclasses import dataclass

from kubernaut.kube.objects import Key


@dataclass(frozen=True, slots=True, order=True)
class Request:
    """An execution that wants to run. The older one sorts first."""

    created: str
    uid: str
    key: Key
    target: str
    """Namespace, kind and name of what it acts on."""


@dataclass(frozen=True, slots=True)
class Blocked:
    """It must wait: for the execution ahead of it on its target, or, if there is none, for capacity."""

    ahead: Key | None = None


class Reservations:
    """Grants targets and slots. No method awaits anything, so no two workers can be granted the same one."""

    def __init__(self, max_running: int) -> None:
        self._max_running = max_running
        self._holders: dict[str, Request] = {}
        self._by_uid: dict[str, Request] = {}
        self._waiting: dict[str, Request] = {}

    @property
    def running(self) -> int:
        """How many executions hold a slot."""
        return len(self._by_uid)

    def restore(self, request: Request) -> None:
        """Grant without a check: it is running already."""
        self._waiting.pop(request.uid, None)
        self._by_uid[request.uid] = request
        self._holders.setdefault(request.target, request)

    def acquire(self, request: Request) -> Blocked | None:
        """Grant the target and a slot; or queue the request, and return what blocks it."""
        if request.uid in self._by_uid:
            return None
        blocked = self._check(request)
        if blocked:
            self._waiting[request.uid] = request
            return blocked
        self.restore(request)
        return None

    def release(self, uid: str) -> list[Key]:
        """Release all that this execution holds or waits for; returns the executions to reconcile now."""
        waited, freed = self._waiting.pop(uid, None), self._by_uid.pop(uid, None)
        if waited is None and freed is None:
            return []
        if freed and self._holders.get(freed.target, freed).uid == uid:
            self._holders.pop(freed.target, None)
        free = self._max_running - self.running
        return [request.key for request in self._next_in_line()[:free]] if free > 0 and self._waiting else []

    def release_namesakes(self, key: Key, uid: str = "") -> list[Key]:
        """Release what earlier executions of this name hold: all but the one with this uid. Returns the same as `release`."""
        requests = (*self._by_uid.values(), *self._waiting.values())
        uids = [request.uid for request in requests if request.key == key and request.uid != uid]
        return [freed for uid in uids for freed in self.release(uid)]

    def _check(self, request: Request) -> Blocked | None:
        holder = self._holders.get(request.target)
        if holder:
            return Blocked(holder.key)
        older = [other for other in self._waiting.values() if other < request]
        ahead = [other for other in older if other.target == request.target]
        if ahead:
            return Blocked(min(ahead).key)
        startable = len({other.target for other in older if other.target not in self._holders})
        return Blocked() if self.running + startable >= self._max_running else None

    def _next_in_line(self) -> list[Request]:
        """Return the oldest waiting request of each free target, oldest first."""
        first: dict[str, Request] = {}
        for request in sorted(self._waiting.values()):
            if request.target not in self._holders:
                first.setdefault(request.target, request)
        return list(first.values())
