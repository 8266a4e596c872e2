"""Latency of an idle engine: executions one after the other, and each yardstick in the same way."""

from __future__ import annotations

from benchmarks import paths, subjects
from benchmarks.bench import Bench
from benchmarks.stages.spending import spending, warm_up
from benchmarks.subjects import Subject
from benchmarks.timing import Times


async def measure(bench: Bench) -> None:
    """Measure executions, then single POSTs, bare Pods, bare Jobs, and TaskRuns if Tekton is installed."""
    number, place = bench.options.idle, bench.place
    async with bench.engine() as engine:
        await warm_up(bench, "idle")
        async with spending(bench, engine, "idle", number):
            executions = subjects.executions(place)
            record(bench, "idle", executions, await bench.run_sequentially("idle", executions, number))
    for yardstick in (subjects.posts(place), subjects.pods(place), subjects.jobs(place)):
        record(bench, "idle", yardstick, await bench.run_sequentially("idle", yardstick, number))
    if await has_tekton(bench):
        tekton = subjects.task_runs(place)
        record(bench, "idle", tekton, await bench.run_sequentially("idle", tekton, number))


def record(bench: Bench, stage: str, subject: Subject, times: Times) -> None:
    """Record the times of one subject."""
    for state, values in times.by_state.items():
        bench.measurements.add(f"{stage}.{subject.label}.{state}", values, "s")


async def has_tekton(bench: Bench) -> bool:
    """Whether the cluster has TaskRuns; if not, record why they are missing."""
    installed = await bench.place.api.exists(f"{paths.TASK_RUN_API}/taskruns")
    if not installed:
        for stage in ("idle", "load"):
            bench.measurements.missing[f"{stage}.taskrun"] = "Tekton is not installed"
    return installed
