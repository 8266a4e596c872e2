"""Throughput: executions per second when many are created at once, and bare Jobs and TaskRuns in the same way."""

from __future__ import annotations

import asyncio

from benchmarks import subjects
from benchmarks.bench import Bench
from benchmarks.engine import process_cpu_seconds
from benchmarks.engine_config import MODES
from benchmarks.stages.idle import has_tekton, record
from benchmarks.stages.spending import TRAILING_SECONDS, spending, warm_up
from benchmarks.subjects import Subject

_NO_TEKTON_PID = "no process was named: --tekton-pid PID of Tekton's controller"


async def measure(bench: Bench) -> None:
    """Measure executions in both modes, then the yardsticks."""
    place, number = bench.place, bench.options.load
    for label in MODES:
        async with bench.engine(label) as engine:
            await warm_up(bench, "load", label)
            async with spending(bench, engine, f"load.{label}", number):
                await _measure(bench, subjects.executions(place, label))
            bench.measurements.add(f"load.{label}.rss", engine.memory().rss, "B")
    await _measure(bench, subjects.jobs(place))
    if await has_tekton(bench, "load"):
        await _measure_tekton(bench)


async def _measure(bench: Bench, subject: Subject) -> None:
    times = await bench.run_concurrently("load", subject, bench.options.load)
    record(bench, "load", subject, times)
    bench.measurements.add(f"load.{subject.label}.rate", times.rate, "per second")
    bench.measurements.add(f"load.{subject.label}.ends", times.ends, "s")


async def _measure_tekton(bench: Bench) -> None:
    """Measure TaskRuns, and the CPU time of Tekton's controller if its process is known."""
    pid, taskruns = bench.options.tekton_pid, subjects.task_runs(bench.place)
    if not pid:
        bench.measurements.missing["load.taskrun.cpu"] = _NO_TEKTON_PID
        await _measure(bench, taskruns)
        return
    before = process_cpu_seconds(pid)
    await _measure(bench, taskruns)
    await asyncio.sleep(TRAILING_SECONDS)
    bench.measurements.add("load.taskrun.cpu", (process_cpu_seconds(pid) - before) / bench.options.load, "s")
