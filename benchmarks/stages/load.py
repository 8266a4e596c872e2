"""Throughput: executions per second when many are created at once, and bare Jobs and TaskRuns in the same way."""

from __future__ import annotations

from benchmarks import subjects
from benchmarks.bench import Bench
from benchmarks.stages.idle import has_tekton, record
from benchmarks.stages.spending import spending, warm_up
from benchmarks.subjects import Subject


async def measure(bench: Bench) -> None:
    """Measure executions, then the yardsticks."""
    place, number = bench.place, bench.options.load
    async with bench.engine() as engine:
        await warm_up(bench, "load")
        async with spending(bench, engine, "load", number):
            await _measure(bench, subjects.executions(place))
        bench.measurements.add("load.rss", engine.memory().rss, "B")
    await _measure(bench, subjects.jobs(place))
    if await has_tekton(bench):
        await _measure(bench, subjects.task_runs(place))


async def _measure(bench: Bench, subject: Subject) -> None:
    times = await bench.run_concurrently("load", subject, bench.options.load)
    record(bench, "load", subject, times)
    bench.measurements.add(f"load.{subject.label}.rate", times.rate, "per second")
    bench.measurements.add(f"load.{subject.label}.ends", times.ends, "s")
