"""Spans have ids that follow from the execution; an unavailable collector is logged once."""

from datetime import UTC, datetime, timedelta

import pytest
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from kubernaut.telemetry.otlp import Sender, _LogOnceExporter
from kubernaut.telemetry.spans import Span
from kubernaut.telemetry.trace_context import TraceContext

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
CONTEXT = TraceContext("a" * 32, "b" * 16, "c" * 16)


def span(name, span_id, parent, depth, **more):
    return Span(name, span_id, parent, NOON, NOON + timedelta(seconds=2), {"k": "v"}, depth=depth, **more)


SPANS = [
    span("execute scale", "b" * 16, "c" * 16, 0, error="failed"),
    span("PATCH jobs", "d" * 16, "b" * 16, 1, client=True, links=(TraceContext("a" * 32, "e" * 16),)),
]


@pytest.fixture
def exporter():
    return InMemorySpanExporter()


@pytest.fixture
def sender(exporter):
    made = Sender("engine-1", "http://127.0.0.1:1", exporter)
    yield made
    made.close()


def test_every_span_has_the_ids_times_kind_and_error_that_were_recorded(sender, exporter):
    sender.send(CONTEXT, SPANS)
    sender.close()
    root, request = exporter.get_finished_spans()
    assert (f"{root.context.trace_id:032x}", f"{root.context.span_id:016x}") == ("a" * 32, "b" * 16)
    assert (f"{root.parent.span_id:016x}", root.parent.is_remote) == ("c" * 16, True)
    assert (root.status.status_code, root.status.description) == (StatusCode.ERROR, "failed")
    assert (f"{request.parent.span_id:016x}", request.kind) == ("b" * 16, SpanKind.CLIENT)
    assert f"{request.links[0].context.span_id:016x}" == "e" * 16
    assert request.end_time - request.start_time == 2_000_000_000
    assert root.resource.attributes["service.instance.id"] == "engine-1"


def test_a_trace_that_the_caller_does_not_sample_is_not_sent(sender, exporter):
    sender.send(TraceContext("a" * 32, "b" * 16, "c" * 16, sampled=False), SPANS)
    sender.close()
    assert exporter.get_finished_spans() == ()


class Flaky:
    """Fails, then works."""

    def __init__(self, *results):
        self._results = list(results)

    def export(self, _spans):
        return self._results.pop(0)

    def shutdown(self):
        """Do nothing."""


def test_a_collector_that_is_away_is_logged_once_and_once_when_it_is_back(caplog):
    caplog.set_level("INFO")
    bad, good = SpanExportResult.FAILURE, SpanExportResult.SUCCESS
    exporter = _LogOnceExporter(Flaky(bad, bad, good, good), "http://collector")
    for _ in range(4):
        exporter.export([1, 2])
    assert exporter.lost == 4
    assert [record.getMessage() for record in caplog.records] == [
        "traces are lost: http://collector does not accept them; the engine continues without",
        "sending traces to http://collector again",
    ]
