"""Executions with real pods: when the change of `patch-configmap` is visible, and when it has succeeded; with yardsticks.

Everything is created at random moments, see `timing.random_pauses`.
"""

from __future__ import annotations

import asyncio

from benchmarks import real_subjects
from benchmarks.api import ApiError
from benchmarks.bench import Bench
from benchmarks.engine_config import MODES
from benchmarks.options import Where
from benchmarks.stages.idle import has_tekton, record
from benchmarks.subjects import Subject
from benchmarks.timing import random_pauses

SEED = 1
"""Of the random pauses."""
NO_IMAGE = "no image was named: KUBERNAUT_IMAGE=IMAGE make bench CLUSTER=kubeconfig"
_TASK_RUN_SECONDS = 30.0
_REFUSED = {403, 422}


async def measure(bench: Bench) -> None:
    """Measure executions in both modes, then the yardsticks."""
    place, image = bench.place, bench.options.image
    if place.where is Where.KUBECONFIG and not image:
        bench.measurements.missing["real"] = NO_IMAGE
        return
    for label in MODES:
        async with bench.engine(label, image=image):
            await _measure(bench, real_subjects.executions(place, label))
    await _measure_runner(bench, real_subjects.pods(place, image or "any"))
    await _measure(bench, real_subjects.idle_pods(place, image or "any"))
    await _measure(bench, real_subjects.jobs(place, image or "any"))
    if await has_tekton(bench, "real"):
        await _measure_tekton(bench, real_subjects.task_runs(place, image or "any"))


async def _measure(bench: Bench, subject: Subject) -> None:
    """Measure one subject, after a first one, whose time does not count."""
    await bench.run_sequentially("real-warm-up", subject, 1)
    times = await bench.run_sequentially("real", subject, bench.options.real, random_pauses(SEED))
    record(bench, "real", subject, times)


async def _measure_runner(bench: Bench, subject: Subject) -> None:
    """Measure the bare Pod, unless admission policies reserve its ServiceAccount for the engine's Jobs."""
    try:
        await _measure(bench, subject)
    except ApiError as error:
        if error.status not in _REFUSED:
            raise
        bench.measurements.missing[f"real.{subject.label}"] = f"the API server refuses the bare Pod: {error}"


async def _measure_tekton(bench: Bench, subject: Subject) -> None:
    """Measure TaskRuns, unless the first one shows that Tekton's own images do not run here."""
    try:
        async with asyncio.timeout(_TASK_RUN_SECONDS):
            await bench.run_sequentially("real-first", subject, 1)
    except TimeoutError:
        await bench.place.api.delete(f"{subject.path}/real-first-{subject.label}-0")
        reason = f"a TaskRun with real images did not succeed within {_TASK_RUN_SECONDS:.0f} s"
        bench.measurements.missing[f"real.{subject.label}"] = reason
        return
    await _measure(bench, subject)
