"""Which trace an execution belongs to (W3C Trace Context, https://www.w3.org/TR/trace-context/).

It follows from the object alone, so every engine that ever looks at it comes to the same: the annotation `traceparent` names the trace of
whoever asked; without one the execution's uid, sixteen random bytes as well, is the trace's id. What the status has recorded stays.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

ANNOTATION = "traceparent"


@dataclass(frozen=True, slots=True)
class TraceContext:
    """Where an execution is in which trace; ids in hexadecimal."""

    trace_id: str
    span_id: str
    """Of the execution's own span, the root of all that the engine tells of it."""
    parent_id: str = ""
    """Of the span of whoever asked, if the annotation names one."""
    sampled: bool = True

    def __str__(self) -> str:
        """As a `traceparent`."""
        return f"00-{self.trace_id}-{self.span_id}-{'01' if self.sampled else '00'}"

    def child(self, *path: object) -> str:
        """The id of the span at this path below the execution's own: always the same for the same path."""
        return _id(self.span_id, *path)


def trace_context(obj: Mapping[str, Any]) -> TraceContext:
    """The trace context of this KubernetesExecution."""
    metadata = obj["metadata"]
    asked = _parsed(metadata.get("annotations", {}).get(ANNOTATION, ""))
    recorded = _parsed(obj.get("status", {}).get("traceparent") or "")
    if recorded is not None:
        parent = asked.span_id if asked and asked.trace_id == recorded.trace_id else ""
        return TraceContext(recorded.trace_id, recorded.span_id, parent, recorded.sampled)
    uid = str(metadata["uid"])
    if asked is not None:
        return TraceContext(asked.trace_id, _id(uid), asked.span_id, asked.sampled)
    return TraceContext(_trace_id(uid), _id(uid))


@lru_cache(maxsize=4096)
def _parsed(text: str) -> TraceContext | None:
    """The span that a `traceparent` names, or None for a text that is none."""
    if not text:
        return None
    from opentelemetry import trace  # noqa: PLC0415 - a twentieth of a second that offline commands need not wait for
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415 - the same

    found = trace.get_current_span(TraceContextTextMapPropagator().extract({"traceparent": text})).get_span_context()
    if not found.is_valid:
        return None
    return TraceContext(f"{found.trace_id:032x}", f"{found.span_id:016x}", sampled=found.trace_flags.sampled)


def _trace_id(uid: str) -> str:
    try:
        return UUID(uid).hex
    except ValueError:
        return hashlib.sha256(uid.encode()).hexdigest()[:32]


def _id(*path: object) -> str:
    return hashlib.sha256("/".join(str(part) for part in path).encode()).hexdigest()[:16]
