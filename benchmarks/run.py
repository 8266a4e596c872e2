"""Runs the stages one after the other, each with a time limit; a stage that fails loses only its own figures."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import asdict
from types import MappingProxyType

import aiohttp
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.api import ApiError
from benchmarks.bench import Bench
from benchmarks.engine import EngineError
from benchmarks.figures import Measurements
from benchmarks.machine import Machine, Usage
from benchmarks.options import Options
from benchmarks.place import place_on
from benchmarks.report import Report
from benchmarks.stages import crowd, idle, limits, load, real, runner, scale, server, tracing
from benchmarks.stages.runner import CommandError

Stage = Callable[[Bench], Awaitable[None]]
STAGES: MappingProxyType[str, Stage] = MappingProxyType(
    {
        "idle": idle.measure,
        "load": load.measure,
        "server": server.measure,
        "scale": scale.measure,
        "runner": runner.measure,
        "real": real.measure,
        "limits": limits.measure,
        "tracing": tracing.measure,
        "crowd": crowd.measure,
    }
)
_STAGE_SECONDS = 300.0
_LONG_STAGE_SECONDS = {"load": 600.0, "server": 900.0, "scale": 1_200.0, "real": 900.0, "limits": 600.0}


async def run(options: Options, stages: Sequence[str], notes: Sequence[str], console: Console) -> Report:
    """Measure the named stages, in the order of STAGES."""
    start, machine, before = time.perf_counter(), Machine.here(), Usage.now()
    measurements = Measurements(missing={name: "this stage was not selected" for name in STAGES if name not in stages})
    columns = (TextColumn("{task.description:40}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        async with place_on(options.where) as place:
            bench = Bench(place, options, measurements, progress)
            for name in (name for name in STAGES if name in stages):
                await _run_stage(name, bench)
    return Report(
        where=options.where,
        kubernetes=place.version,
        machine=machine.as_json(),
        others=Usage.now().others_since(before),
        notes=notes,
        seconds=time.perf_counter() - start,
        options=asdict(options),
        measurements=measurements,
    )


async def _run_stage(name: str, bench: Bench) -> None:
    start = time.perf_counter()
    try:
        async with asyncio.timeout(_LONG_STAGE_SECONDS.get(name, _STAGE_SECONDS)):
            await STAGES[name](bench)
        bench.progress.console.print(f"{name}: measured in {time.perf_counter() - start:.0f} s")
    except* (TimeoutError, ApiError, EngineError, CommandError, aiohttp.ClientError) as errors:
        reason = "; ".join(_reasons(errors))
        bench.measurements.missing[name] = reason
        bench.progress.console.print(f"{name}: {reason}", style="red")


def _reasons(error: BaseException) -> Iterator[str]:
    if isinstance(error, BaseExceptionGroup):
        for part in error.exceptions:
            yield from _reasons(part)
    else:
        yield str(error) or f"it did not finish in time ({type(error).__name__})"
