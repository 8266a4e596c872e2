"""What a CPU limit costs: real executions with the dry run inline, at random moments, under one limit after the other."""

from __future__ import annotations

from benchmarks import real_subjects
from benchmarks.bench import Bench
from benchmarks.engine_config import INLINE
from benchmarks.options import Where
from benchmarks.stages.idle import record
from benchmarks.stages.real import NO_IMAGE, SEED
from benchmarks.timing import random_pauses

_SANDBOX = "the sandbox applies no CPU limits: use a real cluster"


async def measure(bench: Bench) -> None:
    """Measure them limit by limit."""
    place, image, number = bench.place, bench.options.image, bench.options.limited
    if place.where is Where.SANDBOX or not image:
        bench.measurements.missing["limits"] = _SANDBOX if place.where is Where.SANDBOX else NO_IMAGE
        return
    subject = real_subjects.executions(place, INLINE)
    for limit in bench.options.limits:
        async with bench.engine(INLINE, image=image, cpu_limit=limit):
            await bench.run_sequentially(f"limits-warm-up-{limit}", subject, 1)
            times = await bench.run_sequentially(f"limits-{limit}", subject, number, random_pauses(SEED))
        record(bench, f"limits.{limit}", subject, times)
