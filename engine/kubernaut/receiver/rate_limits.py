"""How many executions alerts may create: token buckets, one for each namespace and one for all, each as large as a minute's worth.

A storm of alerts so becomes a steady trickle of runs. They are kept in memory: each replica has its own, and a restart fills them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

_MINUTE = 60.0
_MAX_WAIT = 60.0


@dataclass(slots=True)
class _Bucket:
    size: int
    tokens: float
    filled: float
    """When `tokens` was right, in seconds of the clock."""

    def refill(self, now: float) -> None:
        self.tokens = min(float(self.size), self.tokens + (now - self.filled) * self.size / _MINUTE)
        self.filled = now

    def wait(self, wanted: int) -> float:
        """Return the seconds until there are so many tokens; of more than the bucket holds, until it is full."""
        missing = min(wanted, self.size) - self.tokens
        return max(0.0, missing * _MINUTE / self.size)


class RateLimits:
    """Counts what is created."""

    def __init__(self, per_namespace: int, in_all: int, clock: Callable[[], float]) -> None:
        """Both are executions a minute; `clock` returns seconds."""
        self._per_namespace, self._clock = per_namespace, clock
        self._all = self._full(in_all)
        self._namespaces: dict[str, _Bucket] = {}

    def wait(self, namespace: str, executions: int) -> float:
        """Return the seconds until so many can be created in this namespace: 0.0 for now, and at most a minute.

        A run that is larger than a bucket can be created when that is full.
        """
        return min(_MAX_WAIT, max(bucket.wait(executions) for bucket in self._buckets(namespace)))

    def take(self, namespace: str, executions: int) -> float:
        """Count so many executions as created, unless there is a `wait`, and return that."""
        waiting = self.wait(namespace, executions)
        if not waiting:
            for bucket in self._buckets(namespace):
                bucket.tokens -= executions
        return waiting

    def _buckets(self, namespace: str) -> tuple[_Bucket, _Bucket]:
        own = self._namespaces.get(namespace)
        if own is None:
            self._forget_full()
            own = self._namespaces[namespace] = self._full(self._per_namespace)
        for bucket in (own, self._all):
            bucket.refill(self._clock())
        return own, self._all

    def _forget_full(self) -> None:
        """Drop the buckets of namespaces in which nothing was created for a minute: they are as good as new ones."""
        now = self._clock()
        self._namespaces = {
            name: bucket
            for name, bucket in self._namespaces.items()
            if bucket.tokens + (now - bucket.filled) * bucket.size / _MINUTE < bucket.size
        }

    def _full(self, size: int) -> _Bucket:
        return _Bucket(size, float(size), self._clock())
