"""Executions per second when many are created at once, and bare Jobs and TaskRuns in the same way."""

from __future__ import annotations

from benchmarks import subjects
from benchmarks.bench import Bench
from benchmarks.stages.idle import has_tekton, keep
from benchmarks.stages.spending import spending, warm_up
from benchmarks.subjects import Subject


async def measure(bench: Bench) -> None:
    """Executions, then the yardsticks."""
    place, number = bench.place, bench.options.load
    async with bench.engine() as engine:
        await warm_up(bench, "load")
        async with spending(bench, engine, "load", number):
            await _at_once(bench, subjects.executions(place))
        bench.measured.add("load.rss", engine.memory().rss, "B")
    await _at_once(bench, subjects.jobs(place))
    if await has_tekton(bench):
        await _at_once(bench, subjects.task_runs(place))


async def _at_once(bench: Bench, subject: Subject) -> None:
    times = await bench.together("load", subject, bench.options.load)
    keep(bench, "load", subject, times)
    bench.measured.add(f"load.{subject.label}.rate", times.rate, "per second")
    bench.measured.add(f"load.{subject.label}.ends", times.ends, "s")
