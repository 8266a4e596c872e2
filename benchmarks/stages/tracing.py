"""The cost of tracing: the same work with a collector that receives spans, and without."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from aiohttp import web

from benchmarks import subjects
from benchmarks.bench import Bench
from benchmarks.stages.idle import record
from benchmarks.stages.spending import spending, warm_up

_NO_REQUEST = "the engine sent no trace"


class Collector:
    """An OTLP/HTTP collector that counts requests and discards their content."""

    def __init__(self) -> None:
        self.requests = 0

    async def __aenter__(self) -> Self:
        application = web.Application()
        application.router.add_post("/v1/traces", self._answer)
        self._runner = web.AppRunner(application, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()

    @property
    def endpoint(self) -> str:
        """The value for OTEL_EXPORTER_OTLP_ENDPOINT."""
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def _answer(self, request: web.Request) -> web.Response:
        await request.read()
        self.requests += 1
        return web.Response(content_type="application/x-protobuf")


async def measure(bench: Bench) -> None:
    """Measure first without, then with tracing."""
    await _measure(bench, "tracing-off", {})
    async with Collector() as collector:
        variables = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}
        await _measure(bench, "tracing-on", variables)
    bench.measurements.facts["tracing.requests"] = collector.requests
    if not collector.requests:
        for name in [name for name in bench.measurements.figures if name.startswith("tracing-on.")]:
            del bench.measurements.figures[name]
        bench.measurements.missing["tracing-on"] = _NO_REQUEST


async def _measure(bench: Bench, stage: str, environment: dict[str, str]) -> None:
    executions, idle, load = subjects.executions(bench.place), bench.options.idle, bench.options.load
    async with bench.engine(environment=environment) as engine:
        await warm_up(bench, stage)
        record(bench, stage, executions, await bench.run_sequentially(stage, executions, idle))
        async with spending(bench, engine, stage, load):
            await bench.run_concurrently(f"{stage}-load", executions, load)
        bench.measurements.add(f"{stage}.rss", engine.memory().rss, "B")
