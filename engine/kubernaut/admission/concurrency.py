"""Who may run now: one execution per target, oldest first, and at most so many at a time.

The only holder of this state. It is rebuilt at start-up from the Jobs that exist, so nothing of it needs to be stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from kubernaut.kube.objects import Key


class Waiting(Enum):
    """Why a request was not granted."""

    TARGET = auto()
    CAPACITY = auto()


@dataclass(frozen=True, slots=True, order=True)
class Request:
    """An execution that wants to run. The older sorts first."""

    created: str
    uid: str
    key: Key
    target: str
    """Namespace, kind and name of what it acts on."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Not now: why, and for the target who is before it."""

    waiting: Waiting
    ahead: Key | None = None


class Reservations:
    """Grants targets and slots; every method is instantaneous, so no two workers can be granted the same."""

    def __init__(self, max_running: int) -> None:
        self._max_running = max_running
        self._holders: dict[str, Request] = {}
        self._by_uid: dict[str, Request] = {}
        self._waiting: dict[str, Request] = {}

    @property
    def running(self) -> int:
        """How many hold a slot."""
        return len(self._by_uid)

    def hold(self, request: Request) -> None:
        """Grant without asking: it runs already."""
        self._waiting.pop(request.uid, None)
        self._by_uid[request.uid] = request
        self._holders.setdefault(request.target, request)

    def acquire(self, request: Request) -> Refusal | None:
        """Grant the target and a slot, or say what is in the way and remember that this one waits."""
        if request.uid in self._by_uid:
            return None
        refusal = self._in_the_way(request)
        if refusal:
            self._waiting[request.uid] = request
            return refusal
        self.hold(request)
        return None

    def release(self, uid: str) -> list[Key]:
        """Give back all that this execution holds or waits for; returns who should be looked at next."""
        waited, freed = self._waiting.pop(uid, None), self._by_uid.pop(uid, None)
        if waited is None and freed is None:
            return []
        if freed and self._holders.get(freed.target, freed).uid == uid:
            self._holders.pop(freed.target, None)
        free = self._max_running - self.running
        return [request.key for request in self._next_in_line()[:free]] if free > 0 and self._waiting else []

    def release_others(self, key: Key, uid: str = "") -> list[Key]:
        """The same for executions of this name that are gone, all but the one with this uid."""
        requests = (*self._by_uid.values(), *self._waiting.values())
        uids = [request.uid for request in requests if request.key == key and request.uid != uid]
        return [freed for uid in uids for freed in self.release(uid)]

    def _in_the_way(self, request: Request) -> Refusal | None:
        holder = self._holders.get(request.target)
        if holder:
            return Refusal(Waiting.TARGET, holder.key)
        older = [other for other in self._waiting.values() if other < request]
        ahead = [other for other in older if other.target == request.target]
        if ahead:
            return Refusal(Waiting.TARGET, min(ahead).key)
        startable = len({other.target for other in older if other.target not in self._holders})
        if self.running + startable >= self._max_running:
            return Refusal(Waiting.CAPACITY)
        return None

    def _next_in_line(self) -> list[Request]:
        """The oldest waiting request of each free target, oldest first."""
        first: dict[str, Request] = {}
        for request in sorted(self._waiting.values()):
            if request.target not in self._holders:
                first.setdefault(request.target, request)
        return list(first.values())
