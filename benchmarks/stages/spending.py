"""What the engine spends on a number of executions: its own CPU, and the API server's requests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from benchmarks import counts
from benchmarks.bench import Bench
from benchmarks.engine import Engine
from benchmarks.figures import differences
from benchmarks.subjects import executions

_WARM_UP = 3
_TRAILING_SECONDS = 1.0
"""After the last end: the last Event and the last TTL are on their way."""


async def warm_up(bench: Bench, stage: str) -> None:
    """The first executions ask for rights that are then known, and open connections."""
    await bench.singly(f"{stage}-warm-up", executions(bench.place), _WARM_UP)
    await asyncio.sleep(_TRAILING_SECONDS)


@asynccontextmanager
async def spending(bench: Bench, engine: Engine, stage: str, number: int) -> AsyncIterator[None]:
    """Measure what the engine spends on the `number` executions of the block, for each of them."""
    asked, told, spent = await counts.requests(bench.place), await engine.requests(), engine.cpu_seconds()
    yield
    await asyncio.sleep(_TRAILING_SECONDS)
    bench.measured.add(f"{stage}.cpu", (engine.cpu_seconds() - spent) / number, "s")
    by_call = differences(asked, await counts.requests(bench.place))
    bench.measured.add(f"{stage}.requests", sum(by_call.values()) / number, "requests")
    itself = differences(told, await engine.requests())
    bench.measured.add(f"{stage}.requests_told", sum(itself.values()) / number, "requests")
    bench.measured.facts[f"{stage}.requests"] = {
        "executions": number,
        "at the API server": by_call,
        "told by the engine": itself,
    }
