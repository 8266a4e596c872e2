"""Memory and start-up time of an engine that finds many executions, as the engine itself left them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

from benchmarks import paths, subjects
from benchmarks.api import Object
from benchmarks.bench import Bench

_WRITERS = 20


async def measure(bench: Bench) -> None:
    """For each size: create what is missing, start the engine, let it come to rest, and look."""
    sample = await _sample(bench)
    there = 0
    for size in bench.options.present:
        with bench.steps(f"crowd: {size:,} executions", size - there) as advance:
            await _create(bench, sample, range(there, size), advance)
        there = size
        async with bench.engine(namespace=bench.place.crowded) as engine:
            await engine.settled()
            memory = engine.memory()
            bench.measured.add(f"crowd.{size}.start", engine.ready_after, "s")
            bench.measured.add(f"crowd.{size}.rss", memory.rss, "B")
            bench.measured.add(f"crowd.{size}.pss", memory.pss, "B")
            bench.measured.add(f"crowd.{size}.peak", memory.peak, "B")
            bench.measured.add(f"crowd.{size}.cpu", engine.cpu_seconds(), "s")


async def _sample(bench: Bench) -> Object:
    """One that has ended, whole, to be multiplied."""
    async with bench.engine():
        await bench.singly("crowd", subjects.executions(bench.place), 1)
        await asyncio.sleep(0.5)
    found = await bench.place.api.get(f"{paths.executions(bench.place.namespace)}/crowd-execution-0")
    bench.measured.add("crowd.object", len(json.dumps(found)), "B")
    return found


async def _create(bench: Bench, sample: Object, numbers: range, advance: Callable[[], None]) -> None:
    waiting = list(numbers)
    api, path = bench.place.api, paths.executions(bench.place.crowded)

    async def write() -> None:
        while waiting:
            name = f"present-{waiting.pop()}"
            await api.post(path, _like(sample, name, bench.place.crowded))
            await api.patch(f"{path}/{name}/status", {"status": sample["status"]})
            advance()

    async with asyncio.TaskGroup() as tasks:
        for _ in range(_WRITERS):
            tasks.create_task(write())


def _like(sample: Object, name: str, namespace: str) -> Object:
    kept = {key: sample[key] for key in ("apiVersion", "kind", "spec")}
    return {**kept, "metadata": {"name": name, "namespace": namespace}}
