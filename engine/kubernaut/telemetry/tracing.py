"""Sends the trace of each ended execution, if the standard `OTEL_*` variables ask for traces."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Self

from kubernaut.api.view import ExecutionView
from kubernaut.errors import InputError
from kubernaut.telemetry.spans import spans_of
from kubernaut.telemetry.trace_context import TraceContext, trace_context

if TYPE_CHECKING:
    from kubernaut.telemetry.otlp import Sender

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")


class Tracing:
    """Sends traces, or does nothing where none are wanted."""

    def __init__(self, sender: Sender | None = None) -> None:
        self._sender = sender

    @classmethod
    def from_environment(cls, identity: str, environment: Mapping[str, str] = os.environ) -> Self:
        """Return it as the variables say. Raises InputError for one that asks for something that is not built in."""
        if not wanted(environment):
            return cls()
        from kubernaut.telemetry.otlp import Sender  # noqa: PLC0415 - costs a fifth of a second and ten megabytes

        return cls(Sender(identity, next((environment[name] for name in ENDPOINTS if environment.get(name)), "")))

    @property
    def lost(self) -> int:
        """Spans that no collector accepted."""
        return self._sender.lost if self._sender else 0

    def send(self, execution: ExecutionView, now: datetime, linked: Sequence[TraceContext] = ()) -> None:
        """Send the trace of an ended execution. Sent twice, it is the same spans twice, ids included.

        `linked` are the traces that it follows from: see `spans_of`.
        """
        if self._sender is not None:
            self._sender.send(trace_context(execution), spans_of(execution, now, linked))

    def close(self) -> None:
        """Send what is left, if a collector accepts it at once."""
        if self._sender is not None:
            self._sender.close()


def wanted(environment: Mapping[str, str]) -> bool:
    """Whether the standard variables ask for traces. Raises InputError for an exporter or a protocol that is not built in."""
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    exporter = environment.get("OTEL_TRACES_EXPORTER", "").strip()
    if exporter not in {"", "otlp", "none"}:
        raise InputError(f"OTEL_TRACES_EXPORTER: {exporter!r} is not built in: use otlp, or none")
    enabled = exporter == "otlp" or (not exporter and any(environment.get(name) for name in ENDPOINTS))
    for name in _PROTOCOLS if enabled else ():
        if environment.get(name, "http/protobuf") != "http/protobuf":
            message = f"{name}: {environment[name]!r} is not built in"
            raise InputError(f"{message}: use http/protobuf, which collectors accept on port 4318")
    return enabled
