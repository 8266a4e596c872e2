"""A real OTLP/HTTP receiver on loopback: accepts spans of any exporter and keeps them by trace."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

FAILED = 2


@dataclass(frozen=True)
class Received:
    """One received span."""

    name: str
    span_id: str
    parent_id: str
    start: int
    """Nanoseconds since the epoch, as is `end`."""
    end: int
    attributes: dict[str, Any]
    failed: bool
    message: str
    links: tuple[tuple[str, str], ...]
    kind: int
    resource: dict[str, Any]


class Collector:
    """The received spans by trace id; a span that is sent twice counts once."""

    def __init__(self) -> None:
        self.endpoint = ""
        self.broken = False
        self.requests = 0
        self.spans: defaultdict[str, dict[str, Received]] = defaultdict(dict)

    async def take(self, request: web.Request) -> web.Response:
        """Handle POST /v1/traces."""
        self.requests += 1
        if self.broken:
            return web.Response(status=500)
        message = ExportTraceServiceRequest.FromString(await request.read())
        for group in message.resource_spans:
            resource = _attributes(group.resource.attributes)
            for scope in group.scope_spans:
                for span in scope.spans:
                    received = _received(span, resource)
                    known = self.spans[span.trace_id.hex()].setdefault(received.span_id, received)
                    assert known.name == received.name, "two spans share an id"
        answer = ExportTraceServiceResponse().SerializeToString()
        return web.Response(body=answer, content_type="application/x-protobuf")

    async def trace(self, obj: dict[str, Any], seconds: float = 15) -> Trace:
        """Wait for the complete trace of an ended execution (a span for the execution and for each stage), and return it."""
        trace_id = obj["status"]["traceparent"].split("-")[1]
        async with asyncio.timeout(seconds):
            while len(self.spans[trace_id]) <= len(obj["status"]["stages"]):
                await asyncio.sleep(0.05)
        return Trace(tuple(sorted(self.spans[trace_id].values(), key=lambda span: (span.start, -span.end))))


@dataclass(frozen=True)
class Trace:
    """The spans of one trace, in the order of their start."""

    spans: tuple[Received, ...]

    @property
    def root(self) -> Received:
        """The execution's own span."""
        return next(span for span in self.spans if span.name.startswith("execute "))

    def named(self, name: str) -> list[Received]:
        """Return the spans of this name."""
        return [span for span in self.spans if span.name == name]

    def one(self, name: str) -> Received:
        """Return the only span of this name."""
        (span,) = self.named(name)
        return span

    def parent(self, span: Received) -> Received:
        """Return the parent of the span."""
        return next(other for other in self.spans if other.span_id == span.parent_id)

    def check(self) -> None:
        """Assert that ids are unique, and that every span but the root has a parent and is within it."""
        names = [span.name for span in self.spans]
        assert len(names) == len({span.span_id for span in self.spans})
        for span in self.spans:
            assert span.start <= span.end, span
            if span is not self.root:
                parent = self.parent(span)
                assert parent.start <= span.start, (span.name, parent.name, names)
                assert span.end <= parent.end + 1_000_000, (span.name, parent.name, names)


@asynccontextmanager
async def collecting() -> AsyncIterator[Collector]:
    """Run a receiver during the block."""
    collector = Collector()
    application = web.Application()
    application.router.add_post("/v1/traces", collector.take)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    collector.endpoint = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield collector
    finally:
        await runner.cleanup()


def _received(span: Any, resource: dict[str, Any]) -> Received:
    return Received(
        name=span.name,
        span_id=span.span_id.hex(),
        parent_id=span.parent_span_id.hex(),
        start=span.start_time_unix_nano,
        end=span.end_time_unix_nano,
        attributes=_attributes(span.attributes),
        failed=span.status.code == FAILED,
        message=span.status.message,
        links=tuple((link.trace_id.hex(), link.span_id.hex()) for link in span.links),
        kind=span.kind,
        resource=resource,
    )


def _attributes(pairs: Any) -> dict[str, Any]:
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in pairs}
