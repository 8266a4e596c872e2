"""`kubernaut trace`: where one execution's time went, drawn in the terminal from the object alone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich.table import Table
from rich.text import Text

from kubernaut.api.timestamps import micro_time, now
from kubernaut.api.view import ExecutionView
from kubernaut.caller.durations import format_duration
from kubernaut.caller.executions import get_execution
from kubernaut.cli.console import (
    NO_WRAP_WIDTH,
    Format,
    Output,
    console,
    escape_markup,
    print_json,
    strip_control,
    styled_phase,
)
from kubernaut.cli.options import Context, ExecutionName, Kubeconfig, Namespace
from kubernaut.cli.place import Place
from kubernaut.telemetry.spans import Span, spans_of
from kubernaut.telemetry.trace_context import trace_context

_MIN_BAR_WIDTH, _MAX_BAR_WIDTH = 20, 60
_OTHER_WIDTH = 13
"""Columns of durations and gaps beside names and bars."""
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_COLOURS = {
    "wait": "yellow", "attempt": "blue", "schedule": "blue", "pull-image": "blue", "start": "blue", "backoff": "yellow",
    "create-pod": "yellow",
    "dry-run": "cyan", "execute": "green", "notice": "magenta", "record": "magenta", "cancel": "yellow",
}  # fmt: skip


def trace(
    name: ExecutionName,
    namespace: Namespace = "",
    kubeconfig: Kubeconfig = None,
    context: Context = "",
    output: Output = Format.TABLE,
) -> None:
    """Draw where an execution's time went; no collector is needed."""
    execution = asyncio.run(_read(Place(kubeconfig, context, namespace), name))
    spans = spans_of(execution, now())
    if output is Format.JSON:
        print_json({"traceId": trace_context(execution).trace_id, "spans": [_as_json(span) for span in spans]})
        return
    out = console()
    out = out if out.is_terminal else console(NO_WRAP_WIDTH)
    out.print(headline(execution, spans[0]))
    rows = _shown_spans(spans)
    names = min(max(len(_label(span)) for span in rows), out.width - _OTHER_WIDTH - _MIN_BAR_WIDTH)
    out.print(waterfall(rows, names, min(_MAX_BAR_WIDTH, out.width - names - _OTHER_WIDTH)))
    for span in spans:
        if span.error and span.depth:
            out.print(f"[red]{escape_markup(span.name)}[/]: {escape_markup(span.error)}")


async def _read(place: Place, name: str) -> ExecutionView:
    async with await place.connect() as cluster:
        return await get_execution(cluster, place.key(cluster, name))


def headline(execution: ExecutionView, whole: Span) -> str:
    """Return two lines: which execution, its state, how long it took, and the trace's id."""
    status = execution.status
    reason = f" ({escape_markup(status.reason)})" if status.reason else ""
    duration = f"{'so far' if whole.open else 'in'} {format_duration(_seconds(whole))}"
    where = f"{execution.namespace}/{execution.name}"
    requested = f", requested by {escape_markup(status.requested_by)}" if status.requested_by else ""
    target = f" on {escape_markup(status.target)}" if status.target else ""
    what = f"{escape_markup(where)}: {escape_markup(execution.action)}{target}{requested}"
    return f"{what}\n{styled_phase(execution.phase)}{reason} {duration}, trace {trace_context(execution).trace_id}"


def waterfall(spans: Sequence[Span], names: int, width: int) -> Table:
    """Return a row per span: its name indented below its parent's, its duration, and its place in the whole; waits stand out."""
    listing = Table(box=None, pad_edge=False, header_style="bold")
    listing.add_column("STAGE", no_wrap=True, width=names)
    listing.add_column("TOOK", justify="right", no_wrap=True)
    listing.add_column("", no_wrap=True)
    start, end = spans[0].start, max(span.end for span in spans)
    for span in spans:
        colour = "red" if span.error else _COLOURS.get(str(span.attributes.get("kubernaut.stage", "")), "white")
        name = Text(_label(span), style="" if span.depth else "bold")
        took = format_duration(_seconds(span)) + ("…" if span.open else "")
        listing.add_row(name, took, Text(bar(span, start, end, width), style=colour))
    return listing


def bar(span: Span, start: datetime, end: datetime, width: int) -> str:
    """Return the span's place between `start` and `end`, in eighths of a character; the shortest is still visible."""
    whole = max((end - start).total_seconds(), 1e-6)
    first = round((span.start - start).total_seconds() / whole * width * 8)
    last = max(first + 1, round((span.end - start).total_seconds() / whole * width * 8))
    cells = (last - 1) // 8 - first // 8 + 1
    if cells == 1:
        return " " * (first // 8) + _EIGHTHS[min(8, last - first)]
    head = _EIGHTHS[8] if first % 8 < 4 else "▐"
    return " " * (first // 8) + head + _EIGHTHS[8] * (cells - 2) + _EIGHTHS[(last - 1) % 8 + 1]


def _shown_spans(spans: Sequence[Span]) -> list[Span]:
    """Return all spans but the hooks of policies, whose time is that of the policy."""
    policies = {span.span_id for span in spans if span.attributes.get("kubernaut.stage") == "policy"}
    return [span for span in spans if span.parent_id not in policies]


def _title(span: Span) -> str:
    """Return the name with what identifies the span: object and status code of a request, node, pod, repetitions."""
    attributes = span.attributes
    keys = ["kubernaut.object", "http.response.status_code", "k8s.node.name"]
    if attributes.get("kubernaut.stage") == "attempt":
        keys.append("k8s.pod.name")
    times = f"({attributes['kubernaut.times']} times)" if "kubernaut.times" in attributes else None
    return " ".join(str(part) for part in (span.name, *map(attributes.get, keys), times) if part)


def _label(span: Span) -> str:
    """Return the title, indented below its parent's. It is shown as `Text`, which has no markup."""
    return "  " * span.depth + strip_control(_title(span))


def _seconds(span: Span) -> float:
    return (span.end - span.start).total_seconds()


def _as_json(span: Span) -> dict[str, Any]:
    return {
        "name": span.name,
        "spanId": span.span_id,
        "parentSpanId": span.parent_id,
        "startTime": micro_time(span.start),
        "endTime": None if span.open else micro_time(span.end),
        "attributes": span.attributes,
        "error": span.error or None,
    }
