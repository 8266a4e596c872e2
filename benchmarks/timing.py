"""Creates subjects, one after the other or many at once, and measures how long each takes to reach each of its states."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

from benchmarks.api import Api
from benchmarks.state_watch import StateWatcher, clock
from benchmarks.subjects import Subject

Advance = Callable[[], None]
Pause = Callable[[], float]
_REST_SECONDS = 0.1
"""The pause between two subjects in sequence, which lets the work that follows an end (an Event, a TTL) finish."""


@dataclass(slots=True)
class Times:
    """Seconds from the start of each creation, by state; `post` is the answer to the creation itself."""

    by_state: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    ends: list[float] = field(default_factory=list)
    """When each subject ended, in seconds from the first creation, ascending."""

    @property
    def rate(self) -> float:
        """Ends per second, from the first creation to the last end."""
        return len(self.ends) / self.ends[-1]


def no_pause() -> float:
    """Return 0: the next subject is created as soon as the rest after the one before is over."""
    return 0.0


def random_pauses(seed: int) -> Pause:
    """Return a function whose results are uniform between 0 and 1 s, the same ones for the same seed.

    The kubelet looks at its pods once a second. Pods that are created a fixed time after the end of the one before fall in step with
    that, and then all of them seem faster, or slower, than pods are that are created at any moment.
    """
    return partial(random.Random(seed).uniform, 0.0, 1.0)  # noqa: S311 - repeatable, no secret


async def create_sequentially(
    api: Api,
    subject: Subject,
    names: Sequence[str],
    advance: Advance,
    timeout_seconds: float,
    pause: Pause = no_pause,
) -> Times:
    """Create each subject once the one before has ended, after a `pause()` in seconds.

    Raises TimeoutError when one takes longer than `timeout_seconds`.
    """
    times = Times()
    async with _watch_states(api, subject) as watchers:
        for name in names:
            await asyncio.sleep(pause())
            async with asyncio.timeout(timeout_seconds):
                start = await _create(api, subject, name, times)
                await _record_states(name, start, watchers, times)
            advance()
            await asyncio.sleep(_REST_SECONDS)
    return times


async def create_concurrently(
    api: Api, subject: Subject, names: Sequence[str], at_a_time: int, advance: Advance, timeout_seconds: float
) -> Times:
    """Create all subjects, `at_a_time` in parallel, without waiting for ends. Raises TimeoutError after `timeout_seconds` in all."""
    times, remaining = Times(), list(reversed(names))
    async with (
        _watch_states(api, subject) as watchers,
        asyncio.timeout(timeout_seconds),
        asyncio.TaskGroup() as tasks,
    ):
        first_start = clock()

        async def follow(name: str, start: float) -> None:
            await _record_states(name, start, watchers, times)
            times.ends.append(await watchers[subject.end].first_seen(name) - first_start)
            if subject.is_deleted_at_end:
                await api.delete(f"{subject.path}/{name}")
            advance()

        async def create() -> None:
            while remaining:
                name = remaining.pop()
                start = await _create(api, subject, name, times)
                tasks.create_task(follow(name, start))

        for _ in range(at_a_time):
            tasks.create_task(create())
    times.ends.sort()
    return times


@asynccontextmanager
async def _watch_states(api: Api, subject: Subject) -> AsyncIterator[Mapping[str, StateWatcher]]:
    async with AsyncExitStack() as stack:
        yield {
            name: await stack.enter_async_context(StateWatcher(api, state)) for name, state in subject.states.items()
        }


async def _create(api: Api, subject: Subject, name: str, times: Times) -> float:
    """Create one subject and return when its creation started."""
    start = clock()
    await api.post(subject.path, subject.make(name))
    times.by_state["post"].append(clock() - start)
    return start


async def _record_states(name: str, start: float, watchers: Mapping[str, StateWatcher], times: Times) -> None:
    for state, watcher in watchers.items():
        times.by_state[state].append(await watcher.first_seen(name) - start)
