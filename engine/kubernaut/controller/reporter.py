"""Tells every start and every end to all who keep it: the audit log, the metrics and the trace.

What they are told follows from the recorded object alone.

An engine that is killed takes with it what it had not sent yet. So whoever leads next tells the latest ends again; the spans of a trace are
the same the second time, ids included, and metrics count what their own engine recorded.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from kubernaut.api.execution import Phase
from kubernaut.api.labels import ANNOTATION_ROLLBACK_OF
from kubernaut.api.timestamps import now, parse_time
from kubernaut.errors import KubernautError
from kubernaut.kube.client import Cluster
from kubernaut.kube.informer import Informer
from kubernaut.kube.objects import Key, Object, key_of
from kubernaut.kube.resources import EXECUTIONS
from kubernaut.telemetry.audit import record
from kubernaut.telemetry.logs import AUDIT_LOGGER
from kubernaut.telemetry.metrics import Metrics
from kubernaut.telemetry.stages import began_at, recorded
from kubernaut.telemetry.trace_context import TraceContext, trace_context
from kubernaut.telemetry.tracing import Tracing

log = logging.getLogger(__name__)
audit_log = logging.getLogger(AUDIT_LOGGER)

_TOLD_AGAIN = timedelta(minutes=2)
"""The SDK sends a batch every five seconds; a new leader is found within half a minute."""
_TOLD_AGAIN_AT_MOST = 1000


@dataclass(frozen=True, slots=True)
class Ledger:
    """Hands them on."""

    cluster: Cluster
    executions: Informer
    metrics: Metrics
    tracing: Tracing
    named: Callable[[str], str]
    """An action's name as a metric may have it."""

    def began(self, obj: Object) -> None:
        """A start that this engine has just recorded."""
        _audit("started", obj)

    def ended(self, obj: Object) -> None:
        """An end that this engine has just recorded."""
        _audit("ended", obj)
        status = obj["status"]
        seconds = (datetime.fromisoformat(status["completionTime"]) - began_at(obj)).total_seconds()
        named, phase = self.named(obj["spec"]["action"]), Phase(status["phase"])
        self.metrics.ended(named, phase, status.get("reason"), seconds, recorded(obj))
        self._trace(obj)

    async def tell_again(self) -> None:
        """Send the traces of the latest ends once more: the engine that recorded them may not have lived to do so."""
        since = now() - _TOLD_AGAIN
        latest = [key_of(obj) for obj in self.executions if _ended_at(obj, since)][:_TOLD_AGAIN_AT_MOST]
        for key in latest:
            try:  # the engine may list executions, and has no right to get one
                for obj in (
                    await self.cluster.list(EXECUTIONS, key.namespace, fields=f"metadata.name={key.name}")
                ).items:
                    self._trace(obj)
            except KubernautError as error:
                log.info("the trace of %s is not sent again: %s", key, error)

    def _trace(self, obj: Mapping[str, Any]) -> None:
        try:
            self.tracing.ended(obj, now(), self._undone(obj))
        except Exception:  # a trace is for looking at; no fault in it may touch an execution
            log.exception("the trace of %s cannot be told", key_of(obj))

    def _undone(self, obj: Mapping[str, Any]) -> TraceContext | None:
        """Of a rollback, the trace of what it undoes."""
        name = obj["metadata"].get("annotations", {}).get(ANNOTATION_ROLLBACK_OF)
        original = self.executions.get(Key(obj["metadata"]["namespace"], name)) if name else None
        return trace_context(original) if original else None


def _audit(event: str, obj: Object) -> None:
    """One line of the audit log: the same record that `kubernaut history` reads from the cluster."""
    told, status = record(obj), obj["status"]
    asked = f", as {told['requestedBy']} asked" if told["requestedBy"] else ""
    outcome = (
        f"{status['phase']} {status.get('message', '')}"
        if event == "ended"
        else f"{told['action']} on {told['target']}{asked}"
    )
    audit_log.info("execution %s %s: %s", key_of(obj), event, outcome, extra={"audit": {"event": event, **told}})


def _ended_at(obj: Object, since: datetime) -> bool:
    completed = parse_time(obj.get("status", {}).get("completionTime"))
    return completed is not None and completed > since
