"""Latency with nothing else to do: one after the other, and each yardstick in the same way."""

from __future__ import annotations

from benchmarks import paths, subjects
from benchmarks.bench import Bench
from benchmarks.stages.spending import spending, warm_up
from benchmarks.subjects import Subject
from benchmarks.timed import Times


async def measure(bench: Bench) -> None:
    """Executions, then one POST, a bare Pod, a bare Job, and a TaskRun where there is Tekton."""
    number, place = bench.options.idle, bench.place
    async with bench.engine() as engine:
        await warm_up(bench, "idle")
        async with spending(bench, engine, "idle", number):
            executed = subjects.executions(place)
            keep(bench, "idle", executed, await bench.singly("idle", executed, number))
    for yardstick in (subjects.posts(place), subjects.pods(place), subjects.jobs(place)):
        keep(bench, "idle", yardstick, await bench.singly("idle", yardstick, number))
    if await has_tekton(bench):
        tekton = subjects.task_runs(place)
        keep(bench, "idle", tekton, await bench.singly("idle", tekton, number))


def keep(bench: Bench, stage: str, subject: Subject, times: Times) -> None:
    """Note the times of one subject."""
    for state, values in times.by_state.items():
        bench.measured.add(f"{stage}.{subject.label}.{state}", values, "s")


async def has_tekton(bench: Bench) -> bool:
    """Does the cluster know TaskRuns?"""
    installed = await bench.place.api.exists(f"{paths.TASK_RUN_API}/taskruns")
    if not installed:
        for stage in ("idle", "load"):
            bench.measured.missing[f"{stage}.taskrun"] = "Tekton is not installed"
    return installed
