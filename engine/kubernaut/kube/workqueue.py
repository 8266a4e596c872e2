"""A work queue of keys with the semantics of client-go's: each key is in it at most once, and processed by at most one worker at a time.

A key that is added while a worker processes it is queued again afterwards, so adding a key guarantees a reconcile that starts later.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Hashable
from contextlib import suppress
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


class WorkQueue(Generic[K]):
    """Add keys, now or later; take them one at a time."""

    def __init__(self, *, base_delay: float = 0.05, max_delay: float = 60.0) -> None:
        self._base_delay, self._max_delay = base_delay, max_delay
        self._ready: asyncio.Queue[K] = asyncio.Queue()
        """It wakes one worker for a key, where an Event would wake them all: of 64 workers most are idle most of the time."""
        self._queued: dict[K, float] = {}
        """By queued key, when it was added; the first is the oldest."""
        self._processing: dict[K, float] = {}
        """By key that a worker processes, when it took it."""
        self._dirty: set[K] = set()
        """Keys that were added while they were processed."""
        self._timers: dict[K, asyncio.TimerHandle] = {}
        self._failures: dict[K, int] = {}
        self._idle = asyncio.Event()
        self._idle.set()
        self._draining = False

    def __len__(self) -> int:
        return len(self._queued)

    def add(self, key: K) -> None:
        """Queue the key for the next free worker."""
        if key in self._processing:
            self._dirty.add(key)
        elif key not in self._queued:
            self._queued[key] = time.monotonic()
            self._ready.put_nowait(key)

    def add_after(self, key: K, seconds: float) -> None:
        """Queue the key in `seconds`; of several such calls the earliest time counts."""
        loop = asyncio.get_running_loop()
        due = loop.time() + max(0.0, seconds)
        timer = self._timers.get(key)
        if timer is not None:
            if timer.when() <= due:
                return
            timer.cancel()
        self._timers[key] = loop.call_at(due, self._add_due, key)

    def add_rate_limited(self, key: K, at_least: float = 0.0) -> float:
        """Queue the key after a delay that doubles with every call in a row; returns the delay in seconds."""
        failures = self._failures[key] = self._failures.get(key, 0) + 1
        delay = max(at_least, min(self._max_delay, self._base_delay * 2.0 ** min(failures - 1, 30)))
        self.add_after(key, delay)
        return delay

    def failures(self, key: K) -> int:
        """Return how often in a row the key was added rate limited."""
        return self._failures.get(key, 0)

    def forget(self, key: K) -> None:
        """Reset the key's delay: it was processed without an error."""
        self._failures.pop(key, None)

    async def take(self) -> K:
        """Wait for a key. It counts as processed by the caller until `done`."""
        key = await self._ready.get()
        if self._draining:
            await asyncio.Event().wait()  # never set: nothing new is started while draining
        self._queued.pop(key, None)
        self._processing[key] = asyncio.get_running_loop().time()
        self._idle.clear()
        return key

    def done(self, key: K) -> None:
        """Report that a key taken before is processed."""
        self._processing.pop(key, None)
        if not self._processing:
            self._idle.set()
        if key in self._dirty:
            self._dirty.discard(key)
            self.add(key)

    def longest_queued(self) -> float:
        """Return for how many seconds the oldest key has been queued; 0 for none."""
        return time.monotonic() - next(iter(self._queued.values())) if self._queued else 0.0

    def longest_running(self) -> tuple[K, float] | None:
        """Return the key that has been processed for longest, and for how many seconds; None for none."""
        if not self._processing:
            return None
        key = min(self._processing, key=self._processing.__getitem__)
        return key, asyncio.get_running_loop().time() - self._processing[key]

    async def drain(self, seconds: float) -> None:
        """Hand out no more keys, and wait for those being processed, for `seconds` at most."""
        self._draining = True
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._idle.wait()

    def close(self) -> None:
        """Forget every delayed key."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _add_due(self, key: K) -> None:
        self._timers.pop(key, None)
        self.add(key)
