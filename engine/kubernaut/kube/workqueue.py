"""A queue of keys, each in it at most once, and each in the hands of at most one worker.

A key that is added while a worker has it comes back afterwards: whoever adds a key may trust that it will be looked at later than now.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Hashable
from contextlib import suppress
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


class KeyQueue(Generic[K]):
    """Add keys, now or later; take them one by one."""

    def __init__(self, *, first_delay: float = 0.05, longest_delay: float = 60.0) -> None:
        self._first_delay, self._longest_delay = first_delay, longest_delay
        self._waiting: asyncio.Queue[K] = asyncio.Queue()
        """It wakes one taker for a key, where an Event would wake them all: of 64 workers most are idle most of the time."""
        self._queued: dict[K, float] = {}
        """By key that waits, since when; the first has waited for longest."""
        self._held: dict[K, float] = {}
        self._again: set[K] = set()
        self._timers: dict[K, asyncio.TimerHandle] = {}
        self._failures: dict[K, int] = {}
        self._idle = asyncio.Event()
        self._idle.set()
        self._draining = False

    def __len__(self) -> int:
        return len(self._queued)

    def add(self, key: K) -> None:
        """Have the key looked at as soon as a worker is free."""
        if key in self._held:
            self._again.add(key)
        elif key not in self._queued:
            self._queued[key] = time.monotonic()
            self._waiting.put_nowait(key)

    def add_after(self, key: K, seconds: float) -> None:
        """Have it looked at in `seconds`; of several such wishes the soonest counts."""
        loop = asyncio.get_running_loop()
        due = loop.time() + max(0.0, seconds)
        timer = self._timers.get(key)
        if timer is not None:
            if timer.when() <= due:
                return
            timer.cancel()
        self._timers[key] = loop.call_at(due, self._due, key)

    def retry(self, key: K, at_least: float = 0.0) -> float:
        """Have it looked at after a delay that doubles with every retry in a row; returns the delay in seconds."""
        failures = self._failures[key] = self._failures.get(key, 0) + 1
        delay = max(at_least, min(self._longest_delay, self._first_delay * 2.0 ** min(failures - 1, 30)))
        self.add_after(key, delay)
        return delay

    def forget(self, key: K) -> None:
        """The key did well: its next retry waits briefly again."""
        self._failures.pop(key, None)

    async def take(self) -> K:
        """Wait for a key; the caller holds it until `done`."""
        key = await self._waiting.get()
        if self._draining:
            await asyncio.Event().wait()  # for ever: nothing is begun any more
        self._queued.pop(key, None)
        self._held[key] = asyncio.get_running_loop().time()
        self._idle.clear()
        return key

    def oldest(self) -> float:
        """For how many seconds the key that waits for longest has waited; 0 for none."""
        return time.monotonic() - next(iter(self._queued.values())) if self._queued else 0.0

    def longest_held(self) -> tuple[K, float] | None:
        """The key that a worker has had for longest, and for how many seconds."""
        if not self._held:
            return None
        key = min(self._held, key=self._held.__getitem__)
        return key, asyncio.get_running_loop().time() - self._held[key]

    async def drain(self, seconds: float) -> None:
        """Hand out no more keys, and wait until those handed out are done: `seconds` at most."""
        self._draining = True
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._idle.wait()

    def done(self, key: K) -> None:
        """Let go of a key taken before."""
        self._held.pop(key, None)
        if not self._held:
            self._idle.set()
        if key in self._again:
            self._again.discard(key)
            self.add(key)

    def close(self) -> None:
        """Forget every delayed key."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _due(self, key: K) -> None:
        self._timers.pop(key, None)
        self.add(key)
