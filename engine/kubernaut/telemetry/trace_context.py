"""The trace that an execution belongs to (W3C Trace Context, https://www.w3.org/TR/trace-context/).

It follows from the object alone, so every engine derives the same: the annotation `traceparent` names the caller's trace; without it, the
execution's uid (sixteen random bytes as well) is the trace id. What status has recorded never changes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from kubernaut.api.labels import ANNOTATION_TRACEPARENT
from kubernaut.api.view import ExecutionView


@dataclass(frozen=True, slots=True)
class TraceContext:
    """The position of an execution in a trace; ids in hexadecimal."""

    trace_id: str
    span_id: str
    """The execution's own span, the root of every span that the engine sends about it."""
    parent_id: str = ""
    """The caller's span, if the annotation names one."""
    sampled: bool = True

    def __str__(self) -> str:
        """Return it as a `traceparent`."""
        return f"00-{self.trace_id}-{self.span_id}-{'01' if self.sampled else '00'}"

    def child(self, *path: object) -> str:
        """Return the id of the span at this path below the execution's own: always the same for the same path."""
        return _id(self.span_id, *path)


def trace_context(execution: ExecutionView) -> TraceContext:
    """Return the trace context of this execution."""
    caller = _parse(execution.annotation(ANNOTATION_TRACEPARENT))
    recorded = _parse(execution.traceparent)
    if recorded is not None:
        parent = caller.span_id if caller and caller.trace_id == recorded.trace_id else ""
        return TraceContext(recorded.trace_id, recorded.span_id, parent, recorded.sampled)
    if caller is not None:
        return TraceContext(caller.trace_id, _id(execution.uid), caller.span_id, caller.sampled)
    return TraceContext(_trace_id(execution.uid), _id(execution.uid))


@lru_cache(maxsize=4096)
def _parse(text: str) -> TraceContext | None:
    """Return the span that a `traceparent` names, or None for a text that is not valid."""
    if not text:
        return None
    from opentelemetry import trace  # noqa: PLC0415 - costs offline commands a twentieth of a second
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
