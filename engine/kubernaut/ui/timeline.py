"""Where an execution's time went, as bars of an SVG: the geometry of what `kubernaut trace` draws."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from kubernaut.api.view import ExecutionView
from kubernaut.telemetry.spans import Span, spans_of

_KINDS = {
    "wait": "wait",
    "backoff": "wait",
    "cancel": "wait",
    "dry-run": "rehearse",
    "execute": "execute",
    "notice": "notice",
    "record": "notice",
}


@dataclass(frozen=True, slots=True)
class Bar:
    """One span: its place in per cent of the whole."""

    label: str
    depth: int
    start: float
    width: float
    seconds: float
    kind: str
    """What it is coloured by."""
    error: str
    open: bool


def timeline(execution: ExecutionView, now: datetime) -> list[Bar]:
    """Return a bar for each span, the whole first; what has not ended yet ends `now`. The hooks of policies are left out."""
    spans = spans_of(execution, now)
    policies = {span.span_id for span in spans if span.attributes.get("kubernaut.stage") == "policy"}
    start, end = spans[0].start, max(span.end for span in spans)
    whole = max((end - start).total_seconds(), 1e-6)
    return [_bar(span, start, whole) for span in spans if span.parent_id not in policies]


def _bar(span: Span, start: datetime, whole: float) -> Bar:
    stage = str(span.attributes.get("kubernaut.stage", ""))
    first = (span.start - start).total_seconds() / whole * 100
    seconds = (span.end - span.start).total_seconds()
    detail = span.attributes.get("kubernaut.object", "")
    return Bar(
        label=f"{span.name} {detail}".strip(),
        depth=span.depth,
        start=round(min(first, 99.6), 2),
        width=round(max(seconds / whole * 100, 0.4), 2),
        seconds=seconds,
        kind=_KINDS.get(stage, "step" if span.depth else "whole"),
        error=span.error,
        open=span.open,
    )
