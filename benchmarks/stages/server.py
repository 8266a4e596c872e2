"""CPU of the API server per execution, clean-up included, and of the same number of bare Jobs with a TTL and deleted TaskRuns.

Each is measured from its first creation until no Job and no pod is left, less what the API server spends in as many idle seconds.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from benchmarks import subjects
from benchmarks.bench import Bench
from benchmarks.cleanup import empty, until_gone
from benchmarks.engine_config import MODES
from benchmarks.options import Where
from benchmarks.server_metrics import ALLOCATED, CPU, Spending, counters, growth
from benchmarks.stages.idle import has_tekton
from benchmarks.stages.spending import spending, warm_up
from benchmarks.subjects import Subject

TTL_SECONDS = 5
"""After its end, a Job is deleted: by the engine (`jobTtlSeconds`), or by Kubernetes (`ttlSecondsAfterFinished`)."""
_IDLE_SECONDS = 10.0
_ON_SANDBOX = 30
_SANDBOX = "the sandbox's API server shares the process of the benchmark"


async def measure(bench: Bench) -> None:
    """Measure executions in both modes, then the yardsticks."""
    place = bench.place
    tekton = await has_tekton(bench, "server")
    await empty(place, task_runs=tekton)
    for label in MODES:
        async with bench.engine(label, job_ttl_seconds=TTL_SECONDS) as engine:
            await warm_up(bench, "server", label)
            await until_gone(place)
            async with (
                spending(bench, engine, f"server.{label}.engine", _number(bench)),
                _server_spending(bench, label),
            ):
                await _run(bench, subjects.executions(place, label))
    if place.where is Where.SANDBOX:
        bench.measurements.missing["server.job"] = _SANDBOX
        return
    bare_jobs = subjects.jobs(place, ttlSecondsAfterFinished=TTL_SECONDS)
    yardsticks = [bare_jobs, *([replace(subjects.task_runs(place), is_deleted_at_end=True)] if tekton else [])]
    for subject in yardsticks:
        async with _server_spending(bench, subject.label):
            await _run(bench, subject)


def _number(bench: Bench) -> int:
    """Return how many objects of each kind are created: on the sandbox few, as only their requests are counted there."""
    return min(bench.options.load, _ON_SANDBOX) if bench.place.where is Where.SANDBOX else bench.options.load


async def _run(bench: Bench, subject: Subject) -> None:
    """Create the subjects with a watch on their ends alone, as every watch costs the API server, and wait for the clean-up."""
    only_end = replace(subject, states={subject.end: subject.states[subject.end]})
    await bench.run_concurrently("server", only_end, _number(bench))
    await until_gone(bench.place)


@asynccontextmanager
async def _server_spending(bench: Bench, label: str) -> AsyncIterator[None]:
    """Measure what the API server spends on each object of the block; first, what it spends while nothing happens."""
    if bench.place.where is Where.SANDBOX:
        bench.measurements.missing[f"server.{label}.cpu"] = _SANDBOX
        yield
        return
    api, number = bench.place.api, _number(bench)
    start, before = time.perf_counter(), await counters(api)
    await asyncio.sleep(_IDLE_SECONDS)
    idle = growth(before, await counters(api), time.perf_counter() - start)
    start, before = time.perf_counter(), await counters(api)
    yield
    spent = growth(before, await counters(api), time.perf_counter() - start)
    _record(bench, label, spent, idle, number)


def _record(bench: Bench, label: str, spent: Spending, idle: Spending, number: int) -> None:
    each = spent.beyond(idle, number)
    bench.measurements.add(f"server.{label}.cpu", each[CPU], "s")
    bench.measurements.add(f"server.{label}.allocated", each[ALLOCATED], "B")
    bench.measurements.facts[f"server.{label}"] = {
        "objects": number,
        "seconds": round(spent.seconds, 1),
        "idle CPU seconds per second": idle.by_counter[CPU] / idle.seconds,
        "growth of each counter": dict(spent.by_counter),
        "per object, beyond idle": each,
    }
