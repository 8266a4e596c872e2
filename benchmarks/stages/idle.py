"""Latency of an idle engine: executions one after the other, and each yardstick in the same way."""

from __future__ import annotations

from benchmarks import paths, subjects
from benchmarks.bench import Bench
from benchmarks.engine_config import MODES
from benchmarks.stages.spending import spending, warm_up
from benchmarks.subjects import Subject
from benchmarks.timing import Times


async def measure(bench: Bench) -> None:
    """Measure executions in both modes, then single POSTs, bare Pods, bare Jobs, and TaskRuns if Tekton is installed."""
    number, place = bench.options.idle, bench.place
    for label in MODES:
        async with bench.engine(label) as engine:
            executions = subjects.executions(place, label)
            await warm_up(bench, "idle", label)
            async with spending(bench, engine, f"idle.{label}", number):
                record(bench, "idle", executions, await bench.run_sequentially("idle", executions, number))
    for yardstick in (subjects.posts(place), subjects.pods(place), subjects.jobs(place)):
        record(bench, "idle", yardstick, await bench.run_sequentially("idle", yardstick, number))
    if await has_tekton(bench, "idle"):
        tekton = subjects.task_runs(place)
        record(bench, "idle", tekton, await bench.run_sequentially("idle", tekton, number))


def record(bench: Bench, stage: str, subject: Subject, times: Times) -> None:
    """Record the times of one subject."""
    for state, values in times.by_state.items():
        bench.measurements.add(f"{stage}.{subject.label}.{state}", values, "s")


async def has_tekton(bench: Bench, stage: str) -> bool:
    """Whether the cluster has TaskRuns; if not, record why the stage misses them."""
    installed = await bench.place.api.exists(f"{paths.TASK_RUN_API}/taskruns")
    if not installed:
        bench.measurements.missing[f"{stage}.taskrun"] = "Tekton is not installed"
    return installed
