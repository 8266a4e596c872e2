"""Sends spans to a collector, by OTLP over HTTP. The only module that loads OpenTelemetry's SDK.

The SDK's batch thread does the sending: the engine never waits for a collector, and a broken one does it no harm.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Sequence
from datetime import datetime
from importlib.metadata import version

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from kubernaut.telemetry.spans import Span
from kubernaut.telemetry.trace_context import TraceContext

log = logging.getLogger(__name__)

_FLUSH_SECONDS = 3.0
_REPETITIVE_LOGGERS = (
    "opentelemetry.exporter.otlp",
    "opentelemetry.sdk._shared_internal",
    "opentelemetry.exporter.http",
)
"""Loggers of the SDK that repeat themselves while a collector is away; `_LogOnceExporter` logs it once."""


class Sender:
    """Sends the spans of executions, as the `OTEL_*` variables say."""

    def __init__(self, identity: str, endpoint: str, exporter: SpanExporter | None = None) -> None:
        own = {
            "service.name": "kubernaut-engine",
            "service.version": version("kubernaut-engine"),
            "service.instance.id": identity,
        }
        for name in _REPETITIVE_LOGGERS:
            logging.getLogger(name).setLevel(logging.CRITICAL)
        collector = endpoint or "the default collector, http://localhost:4318"
        self._ids = _FixedIdGenerator()
        resource = Resource.create(own).merge(OTELResourceDetector().detect())
        self._provider = TracerProvider(resource=resource, id_generator=self._ids, shutdown_on_exit=False)
        self._exporter = _LogOnceExporter(exporter or OTLPSpanExporter(), collector)
        self._provider.add_span_processor(BatchSpanProcessor(self._exporter))
        self._tracer = self._provider.get_tracer("kubernaut", version("kubernaut-engine"))
        log.info("sending traces to %s", collector)

    @property
    def lost(self) -> int:
        """Spans that the collector did not accept."""
        return self._exporter.lost

    def send(self, context: TraceContext, spans: Iterable[Span]) -> None:
        """Queue the spans of one trace, the root first; the sampler may leave the trace out."""
        for span in spans:
            self._ids.trace_id, self._ids.span_id = int(context.trace_id, 16), int(span.span_id, 16)
            parent = _parent(context, span.parent_id, remote=span.depth == 0) if span.parent_id else Context()
            started = self._tracer.start_span(
                span.name,
                context=parent,
                kind=SpanKind.CLIENT if span.client else SpanKind.INTERNAL,
                attributes=span.attributes,
                links=[Link(_span_context(link, link.span_id)) for link in span.links],
                start_time=_nanoseconds(span.start),
            )
            if not started.is_recording():
                return
            if span.error:
                started.set_status(Status(StatusCode.ERROR, span.error))
            started.end(_nanoseconds(span.end))

    def close(self) -> None:
        """Send what is left, if a collector accepts it at once."""
        flush = threading.Thread(target=self._provider.force_flush, daemon=True)
        flush.start()
        flush.join(_FLUSH_SECONDS)


class _FixedIdGenerator(IdGenerator):
    """Hands the SDK the ids that follow from the execution, where it would make random ones."""

    trace_id = 0
    span_id = 0

    def generate_trace_id(self) -> int:
        return self.trace_id

    def generate_span_id(self) -> int:
        return self.span_id


class _LogOnceExporter(SpanExporter):
    """Logs once that a collector does not accept spans, and once that it does again."""

    def __init__(self, exporter: SpanExporter, endpoint: str) -> None:
        self._exporter, self._endpoint, self._broken = exporter, endpoint, False
        self.lost = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._exporter.export(spans)
        failed = result is not SpanExportResult.SUCCESS
        self.lost += len(spans) if failed else 0
        if failed and not self._broken:
            log.warning("traces are lost: %s does not accept them; the engine continues without", self._endpoint)
        if self._broken and not failed:
            log.info("sending traces to %s again", self._endpoint)
        self._broken = failed
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()


def _parent(context: TraceContext, span_id: str, *, remote: bool) -> Context:
    return set_span_in_context(NonRecordingSpan(_span_context(context, span_id, remote=remote)), Context())


def _span_context(context: TraceContext, span_id: str, *, remote: bool = False) -> SpanContext:
    flags = TraceFlags(TraceFlags.SAMPLED if context.sampled else TraceFlags.DEFAULT)
    return SpanContext(int(context.trace_id, 16), int(span_id, 16), is_remote=remote, trace_flags=flags)


def _nanoseconds(time: datetime) -> int:
    return round(time.timestamp() * 1_000_000) * 1_000
