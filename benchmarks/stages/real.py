"""Executions whose pods really run: `patch-configmap`, its dry run included, beside a bare Pod and a bare Job that do nothing."""

from __future__ import annotations

from benchmarks import subjects
from benchmarks.bench import Bench
from benchmarks.options import Where
from benchmarks.stages.idle import keep

_NO_IMAGE = "no image was named: make bench IMAGE=..."


async def measure(bench: Bench) -> None:
    """One after the other."""
    place, image, number = bench.place, bench.options.image, bench.options.real
    if place.where is Where.KUBECONFIG and not image:
        bench.measured.missing["real"] = _NO_IMAGE
        return
    async with bench.engine(image=image):
        executed = subjects.real_executions(place)
        await bench.singly("real-warm-up", executed, 1)
        keep(bench, "real", executed, await bench.singly("real", executed, number))
    for yardstick in (subjects.real_pods(place, image or "any"), subjects.real_jobs(place, image or "any")):
        keep(bench, "real", yardstick, await bench.singly("real", yardstick, number))
