"""Executions with real pods: `patch-configmap` including its dry run, compared with a bare Pod and a bare Job that do nothing."""

from __future__ import annotations

from benchmarks import subjects
from benchmarks.bench import Bench
from benchmarks.options import Where
from benchmarks.stages.idle import record

_NO_IMAGE = "no image was named: KUBERNAUT_IMAGE=IMAGE make bench CLUSTER=kubeconfig"


async def measure(bench: Bench) -> None:
    """Measure them one after the other."""
    place, image, number = bench.place, bench.options.image, bench.options.real
    if place.where is Where.KUBECONFIG and not image:
        bench.measurements.missing["real"] = _NO_IMAGE
        return
    async with bench.engine(image=image):
        executions = subjects.real_executions(place)
        await bench.run_sequentially("real-warm-up", executions, 1)
        record(bench, "real", executions, await bench.run_sequentially("real", executions, number))
    for yardstick in (subjects.real_pods(place, image or "any"), subjects.real_jobs(place, image or "any")):
        record(bench, "real", yardstick, await bench.run_sequentially("real", yardstick, number))
