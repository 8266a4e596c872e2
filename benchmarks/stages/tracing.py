"""What tracing costs: the same work with a collector to send spans to, and without."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from aiohttp import web

from benchmarks import subjects
from benchmarks.bench import Bench
from benchmarks.stages.idle import keep
from benchmarks.stages.spending import spending, warm_up

_NO_REQUEST = "the engine sent no trace"


class Collector:
    """An OTLP/HTTP collector that counts what it is sent, and keeps nothing."""

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
        """For OTEL_EXPORTER_OTLP_ENDPOINT."""
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def _answer(self, request: web.Request) -> web.Response:
        await request.read()
        self.requests += 1
        return web.Response(content_type="application/x-protobuf")


async def measure(bench: Bench) -> None:
    """First without, then with."""
    await _measured(bench, "tracing-off", {})
    async with Collector() as collector:
        traced = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}
        await _measured(bench, "tracing-on", traced)
    bench.measured.facts["tracing.requests"] = collector.requests
    if not collector.requests:
        for name in [name for name in bench.measured.figures if name.startswith("tracing-on.")]:
            del bench.measured.figures[name]
        bench.measured.missing["tracing-on"] = _NO_REQUEST


async def _measured(bench: Bench, stage: str, environment: dict[str, str]) -> None:
    executed, idle, load = subjects.executions(bench.place), bench.options.idle, bench.options.load
    async with bench.engine(environment=environment) as engine:
        await warm_up(bench, stage)
        keep(bench, stage, executed, await bench.singly(stage, executed, idle))
        async with spending(bench, engine, stage, load):
            await bench.together(f"{stage}-load", executed, load)
        bench.measured.add(f"{stage}.rss", engine.memory().rss, "B")
