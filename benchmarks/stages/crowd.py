"""Memory and start-up time of an engine that finds many executions, which have ended as the engine ends them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

from benchmarks import paths, subjects
from benchmarks.api import Object
from benchmarks.bench import Bench

_WRITERS = 20


async def measure(bench: Bench) -> None:
    """For each size, create the missing executions, start the engine, wait until it is idle, and measure it."""
    sample = await _sample(bench)
    present = 0
    for size in bench.options.present:
        with bench.steps(f"crowd: {size:,} executions", size - present) as advance:
            await _create(bench, sample, range(present, size), advance)
        present = size
        async with bench.engine(namespace=bench.place.crowded) as engine:
            await engine.wait_until_idle()
            memory = engine.memory()
            bench.measurements.add(f"crowd.{size}.start", engine.ready_seconds, "s")
            bench.measurements.add(f"crowd.{size}.rss", memory.rss, "B")
            bench.measurements.add(f"crowd.{size}.pss", memory.pss, "B")
            bench.measurements.add(f"crowd.{size}.peak", memory.peak, "B")
            bench.measurements.add(f"crowd.{size}.cpu", engine.cpu_seconds(), "s")


async def _sample(bench: Bench) -> Object:
    """Return an execution that has ended, to be copied."""
    async with bench.engine():
        await bench.run_sequentially("crowd", subjects.executions(bench.place), 1)
        await asyncio.sleep(0.5)
    found = await bench.place.api.get(f"{paths.executions(bench.place.namespace)}/crowd-execution-0")
    bench.measurements.add("crowd.object", len(json.dumps(found)), "B")
    return found


async def _create(bench: Bench, sample: Object, numbers: range, advance: Callable[[], None]) -> None:
    remaining = list(numbers)
    api, path = bench.place.api, paths.executions(bench.place.crowded)

    async def write() -> None:
        while remaining:
            name = f"present-{remaining.pop()}"
            await api.post(path, _copy(sample, name, bench.place.crowded))
            await api.patch(f"{path}/{name}/status", {"status": sample["status"]})
            advance()

    async with asyncio.TaskGroup() as tasks:
        for _ in range(_WRITERS):
            tasks.create_task(write())


def _copy(sample: Object, name: str, namespace: str) -> Object:
    fields = {key: sample[key] for key in ("apiVersion", "kind", "spec")}
    return {**fields, "metadata": {"name": name, "namespace": namespace}}
