"""The paths of stages that only a real cluster takes, on the sandbox as far as it goes."""

import asyncio
import itertools
import os
from contextlib import asynccontextmanager
from dataclasses import replace
from types import SimpleNamespace

import pytest
from rich.console import Console
from rich.progress import Progress

from benchmarks import subjects
from benchmarks.api import ApiError
from benchmarks.bench import Bench
from benchmarks.figures import Measurements
from benchmarks.options import Options, Where
from benchmarks.place import place_on
from benchmarks.server_metrics import ALLOCATED, CPU
from benchmarks.stages import limits, load, real, server

OPTIONS = Options(image="any", load=3, at_a_time=2, limits=("200m", "1"), limited=2)
TASK_RUNS = SimpleNamespace(label="taskrun", path="/taskruns")


@asynccontextmanager
async def bench_as_on_a_cluster():
    """Yield a bench on the sandbox that passes for a real cluster."""
    async with place_on(Where.SANDBOX) as place:
        with Progress(console=Console(quiet=True)) as progress:
            yield Bench(replace(place, where=Where.KUBECONFIG), OPTIONS, Measurements(), progress)


def fake_bench(**fields):
    return SimpleNamespace(measurements=Measurements(), options=replace(OPTIONS, **fields))


@pytest.mark.timeout(120)
async def test_each_cpu_limit_is_measured():
    async with bench_as_on_a_cluster() as bench:
        await limits.measure(bench)
    for limit in OPTIONS.limits:
        assert len(bench.measurements.figures[f"limits.{limit}.inline.effect"].values) == 2


@pytest.mark.timeout(120)
async def test_the_cpu_of_the_api_server_is_measured_for_executions_and_bare_jobs(monkeypatch):
    readings = itertools.count()

    async def counters(_api):
        return {CPU: float(next(readings)), ALLOCATED: 0.0}

    monkeypatch.setattr(server, "counters", counters)
    monkeypatch.setattr(server, "_IDLE_SECONDS", 0.1)
    monkeypatch.setattr(server, "TTL_SECONDS", 1)
    async with bench_as_on_a_cluster() as bench:
        await server.measure(bench)
        assert not (await bench.place.api.get(subjects.jobs(bench.place).path))["items"]
    for label in ("execution", "inline", "job"):
        assert f"server.{label}.cpu" in bench.measurements.figures
        assert bench.measurements.facts[f"server.{label}"]["objects"] == 3
    assert bench.measurements.missing == {"server.taskrun": "Tekton is not installed"}


@pytest.mark.timeout(60)
async def test_what_is_deleted_at_its_end_is_gone_once_all_have_ended():
    async with bench_as_on_a_cluster() as bench:
        subject = replace(subjects.jobs(bench.place), is_deleted_at_end=True)
        await bench.run_concurrently("deleted", subject, 3)
        found = await bench.place.api.get(subject.path)
        assert all("deletionTimestamp" in job["metadata"] for job in found["items"])


async def test_a_bare_pod_that_policies_refuse_loses_only_its_own_figures(monkeypatch):
    async def refused(_bench, _subject):
        raise ApiError(403, "belongs to an action")

    monkeypatch.setattr(real, "_measure", refused)
    bench = fake_bench()
    await real._measure_runner(bench, SimpleNamespace(label="pod"))
    assert "belongs to an action" in bench.measurements.why_missing("real.pod.effect")


async def test_another_error_of_the_api_server_is_not_taken_for_a_refusal(monkeypatch):
    async def fails(_bench, _subject):
        raise ApiError(500, "etcd")

    monkeypatch.setattr(real, "_measure", fails)
    with pytest.raises(ApiError, match="etcd"):
        await real._measure_runner(fake_bench(), SimpleNamespace(label="pod"))


async def test_a_task_run_that_does_not_end_is_deleted_and_its_row_says_why(monkeypatch):
    deleted = []

    async def hangs(*_):
        await asyncio.sleep(60)

    async def delete(path):
        deleted.append(path)

    monkeypatch.setattr(real, "_TASK_RUN_SECONDS", 0.05)
    bench = fake_bench()
    bench.run_sequentially, bench.place = hangs, SimpleNamespace(api=SimpleNamespace(delete=delete))
    await real._measure_tekton(bench, TASK_RUNS)
    assert deleted == ["/taskruns/real-first-taskrun-0"]
    assert "did not succeed within" in bench.measurements.why_missing("real.taskrun.succeeded")


@pytest.mark.parametrize("pid", [os.getpid(), 0], ids=["known", "unknown"])
async def test_the_cpu_of_tektons_controller_is_that_of_its_process(monkeypatch, pid):
    async def spends(_bench, _subject):
        sum(number * number for number in range(2_000_000))

    monkeypatch.setattr(load, "_measure", spends)
    monkeypatch.setattr(load, "TRAILING_SECONDS", 0.0)
    bench = fake_bench(tekton_pid=pid)
    bench.place = SimpleNamespace(namespace="ns", node="")
    await load._measure_tekton(bench)
    if pid:
        assert bench.measurements.figures["load.taskrun.cpu"].p50 > 0
    else:
        assert "--tekton-pid" in bench.measurements.why_missing("load.taskrun.cpu")
