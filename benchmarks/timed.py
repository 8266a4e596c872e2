"""Creates subjects, one after the other or many at once, and tells how long each took to be seen in each of its states."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from benchmarks.api import Api
from benchmarks.sightings import Sightings, clock
from benchmarks.subjects import Subject

Advance = Callable[[], None]
_REST_SECONDS = 0.1
"""Between two that are measured idle: what follows an end (an Event, a TTL) is over by then."""


@dataclass(slots=True)
class Times:
    """Seconds from the beginning of each creation, by state; `post` is the creation's own answer."""

    by_state: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    ends: list[float] = field(default_factory=list)
    """When each ended, in seconds from the first creation, ascending."""

    @property
    def rate(self) -> float:
        """Ends per second, from the first creation to the last end."""
        return len(self.ends) / self.ends[-1]


async def one_by_one(api: Api, subject: Subject, names: Sequence[str], advance: Advance, patience: float) -> Times:
    """Each is created once the one before has ended; raises TimeoutError when one takes longer than `patience` seconds."""
    times = Times()
    async with _watching(api, subject) as watched:
        for name in names:
            async with asyncio.timeout(patience):
                await _one(api, subject, name, watched, times)
            advance()
            await asyncio.sleep(_REST_SECONDS)
    return times


async def at_once(
    api: Api, subject: Subject, names: Sequence[str], at_a_time: int, advance: Advance, patience: float
) -> Times:
    """So many creators create one after the other, none waiting for an end; raises TimeoutError after `patience` seconds."""
    times, waiting = Times(), list(reversed(names))
    async with _watching(api, subject) as watched, asyncio.timeout(patience), asyncio.TaskGroup() as tasks:
        start = clock()

        async def follow(name: str, began: float) -> None:
            await _follow(name, began, watched, times)
            times.ends.append(await watched[subject.end].first(name) - start)
            advance()

        async def creator() -> None:
            while waiting:
                name, began = waiting.pop(), clock()
                await api.post(subject.path, subject.make(name))
                times.by_state["post"].append(clock() - began)
                tasks.create_task(follow(name, began))

        for _ in range(at_a_time):
            tasks.create_task(creator())
    times.ends.sort()
    return times


@asynccontextmanager
async def _watching(api: Api, subject: Subject) -> AsyncIterator[Mapping[str, Sightings]]:
    async with AsyncExitStack() as stack:
        yield {state: await stack.enter_async_context(Sightings(api, seen)) for state, seen in subject.states.items()}


async def _one(api: Api, subject: Subject, name: str, watched: Mapping[str, Sightings], times: Times) -> None:
    began = clock()
    await api.post(subject.path, subject.make(name))
    times.by_state["post"].append(clock() - began)
    await _follow(name, began, watched, times)


async def _follow(name: str, began: float, watched: Mapping[str, Sightings], times: Times) -> None:
    for state, sightings in watched.items():
        times.by_state[state].append(await sightings.first(name) - began)
