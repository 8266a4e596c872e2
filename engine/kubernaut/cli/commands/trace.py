"""`kubernaut trace`: where one execution's time went, drawn in the terminal from what the object itself records."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from kubernaut.api.timestamps import micro_time, now
from kubernaut.api.view import ExecutionView
from kubernaut.cli.console import NO_WRAP_WIDTH, Format, Output, console, escape_markup, print_json, styled
from kubernaut.cli.durations import format_duration
from kubernaut.cli.executions import get_execution
from kubernaut.cli.options import Kubeconfig, Namespace
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import Key
from kubernaut.telemetry.spans import Span, spans_of
from kubernaut.telemetry.trace_context import trace_context

_LEAST_BAR, _MOST_BAR = 20, 60
_BESIDE = 13
"""Columns that durations and gaps take beside names and bars."""
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_COLOURS = {
    "wait": "yellow", "attempt": "blue", "schedule": "blue", "pull-image": "blue", "start": "blue", "backoff": "yellow",
    "create-pod": "yellow",
    "dry-run": "cyan", "execute": "green", "notice": "magenta", "record": "magenta", "cancel": "yellow",
}  # fmt: skip


def trace(
    name: Annotated[str, typer.Argument(help="The execution's name.")],
    namespace: Namespace = "default",
    kubeconfig: Kubeconfig = None,
    output: Output = Format.TABLE,
) -> None:
    """Draw where an execution's time went; needs no collector."""
    execution = ExecutionView(asyncio.run(_read(kubeconfig, Key(namespace, name))))
    spans = spans_of(execution, now())
    if output is Format.JSON:
        print_json({"traceId": trace_context(execution).trace_id, "spans": [_as_json(span) for span in spans]})
        return
    out = console()
    out = out if out.is_terminal else console(NO_WRAP_WIDTH)
    out.print(headline(execution, spans[0]))
    rows = _worth_a_row(spans)
    names = min(max(len(_label(span)) for span in rows), out.width - _BESIDE - _LEAST_BAR)
    out.print(waterfall(rows, names, min(_MOST_BAR, out.width - names - _BESIDE)))
    for span in spans:
        if span.error and span.depth:
            out.print(f"[red]{escape_markup(span.name)}[/]: {escape_markup(span.error)}")


async def _read(kubeconfig: Path | None, key: Key) -> dict[str, Any]:
    async with await Cluster.connect(kubeconfig) as cluster:
        return await get_execution(cluster, key)


def headline(execution: ExecutionView, whole: Span) -> str:
    """Which execution, how it ended, how long it took, and the trace's id."""
    status = execution.status
    reason = f" ({escape_markup(status.reason)})" if status.reason else ""
    lasted = f"{'so far' if whole.open else 'in'} {format_duration(_seconds(whole))}"
    where = f"{execution.namespace}/{execution.name}"
    requested = f", requested by {escape_markup(status.requested_by)}" if status.requested_by else ""
    target = f" on {escape_markup(status.target)}" if status.target else ""
    what = f"{escape_markup(where)}: {escape_markup(execution.action)}{target}{requested}"
    return f"{what}\n{styled(execution.phase)}{reason} {lasted}, trace {trace_context(execution).trace_id}"


def waterfall(spans: Sequence[Span], names: int, width: int) -> Table:
    """A row per span: its name below its parent's, how long it took, and where it lies in the whole; waits stand out."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("STAGE", no_wrap=True, width=names)
    table.add_column("TOOK", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    start, end = spans[0].start, max(span.end for span in spans)
    for span in spans:
        colour = "red" if span.error else _COLOURS.get(str(span.attributes.get("kubernaut.stage", "")), "white")
        name = Text(_label(span), style="" if span.depth else "bold")
        took = format_duration(_seconds(span)) + ("…" if span.open else "")
        table.add_row(name, took, Text(bar(span, start, end, width), style=colour))
    return table


def bar(span: Span, start: datetime, end: datetime, width: int) -> str:
    """Where the span lies between `start` and `end`, in eighths of a character; the shortest is still to be seen."""
    whole = max((end - start).total_seconds(), 1e-6)
    first = round((span.start - start).total_seconds() / whole * width * 8)
    last = max(first + 1, round((span.end - start).total_seconds() / whole * width * 8))
    cells = (last - 1) // 8 - first // 8 + 1
    if cells == 1:
        return " " * (first // 8) + _EIGHTHS[min(8, last - first)]
    head = _EIGHTHS[8] if first % 8 < 4 else "▐"
    return " " * (first // 8) + head + _EIGHTHS[8] * (cells - 2) + _EIGHTHS[(last - 1) % 8 + 1]


def _worth_a_row(spans: Sequence[Span]) -> list[Span]:
    """All but the hooks of a policy, whose time is the policy's."""
    policies = {span.span_id for span in spans if span.attributes.get("kubernaut.stage") == "policy"}
    return [span for span in spans if span.parent_id not in policies]


def _title(span: Span) -> str:
    """The name, and of what a person wants to know besides: the pod, the object asked for, the answer."""
    told = span.attributes
    more = (told.get("kubernaut.object"), told.get("http.response.status_code"), told.get("k8s.node.name"))
    pod = told.get("k8s.pod.name") if span.name.startswith("attempt") else None
    times = f"({told['kubernaut.times']} times)" if "kubernaut.times" in told else None
    return " ".join(str(part) for part in (span.name, *more, pod, times) if part)


def _label(span: Span) -> str:
    """Below its parent's; a `Text` knows no markup, so only what steers a terminal is taken out."""
    return "  " * span.depth + escape_markup(_title(span)).replace("\\[", "[")


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
