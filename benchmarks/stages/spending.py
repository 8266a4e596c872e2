"""Measures what the engine spends on a number of executions: its CPU time and its requests to the API server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from benchmarks import counts
from benchmarks.bench import Bench
from benchmarks.engine import Engine
from benchmarks.engine_config import EXECUTION
from benchmarks.figures import differences
from benchmarks.subjects import executions

_WARM_UP = 3
TRAILING_SECONDS = 1.0
"""The time after the last end in which the last Event and the last TTL are written."""


async def warm_up(bench: Bench, stage: str, label: str = EXECUTION) -> None:
    """Run the first executions, which fill the permission cache and open connections."""
    await bench.run_sequentially(f"{stage}-warm-up", executions(bench.place, label), _WARM_UP)
    await asyncio.sleep(TRAILING_SECONDS)


@asynccontextmanager
async def spending(bench: Bench, engine: Engine, prefix: str, number: int) -> AsyncIterator[None]:
    """Measure what the engine spends on each of the `number` executions of the block; `prefix` begins the figures' names."""
    at_server, by_engine, cpu = await counts.count_requests(bench.place), await engine.requests(), engine.cpu_seconds()
    yield
    await asyncio.sleep(TRAILING_SECONDS)
    bench.measurements.add(f"{prefix}.cpu", (engine.cpu_seconds() - cpu) / number, "s")
    at_server = differences(at_server, await counts.count_requests(bench.place))
    bench.measurements.add(f"{prefix}.requests", sum(at_server.values()) / number, "requests")
    by_engine = differences(by_engine, await engine.requests())
    bench.measurements.add(f"{prefix}.requests_counted", sum(by_engine.values()) / number, "requests")
    bench.measurements.facts[f"{prefix}.requests"] = {
        "executions": number,
        "at the API server": at_server,
        "by the engine": by_engine,
    }
