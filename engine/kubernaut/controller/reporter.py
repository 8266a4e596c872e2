"""Reports started and finished executions to Events, the audit log, metrics and traces, from the recorded object alone.

An engine that is killed takes with it what it had not sent yet, so the next leader sends the latest traces again. The spans of a trace are
the same the second time, ids included; metrics count what their own engine recorded.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from kubernaut.api.execution import Phase
from kubernaut.api.timestamps import now
from kubernaut.api.view import ExecutionView
from kubernaut.controller.events import MAX_MESSAGE_LENGTH, EventRecorder
from kubernaut.controller.state import Caches
from kubernaut.errors import KubernautError
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import EXECUTIONS, Key
from kubernaut.telemetry.audit import audit_record
from kubernaut.telemetry.logs import AUDIT_LOGGER
from kubernaut.telemetry.metrics import Metrics
from kubernaut.telemetry.stages import trace_start
from kubernaut.telemetry.trace_context import TraceContext, trace_context
from kubernaut.telemetry.tracing import Tracing

log = logging.getLogger(__name__)
audit_log = logging.getLogger(AUDIT_LOGGER)

_RESEND_WINDOW = timedelta(minutes=2)
"""The SDK sends a batch every five seconds, and a new leader is found within half a minute."""
_MAX_RESENT = 1000


class ExecutionReporter:
    """Reports what one engine records."""

    def __init__(
        self,
        caches: Caches,
        events: EventRecorder,
        metrics: Metrics,
        tracing: Tracing,
        metric_label: Callable[[str], str],
    ) -> None:
        """`metric_label` maps an action's name to its label in metrics, so that names which users make up are not labels."""
        self._caches, self._events, self._metrics, self._tracing = caches, events, metrics, tracing
        self._metric_label = metric_label

    def started(self, execution: ExecutionView) -> None:
        """Report an execution that is recorded as running now; its Event is sent if it has not ended soon."""
        self._events.hold(execution, "Started", execution.status.message or "")
        _audit("started", execution)

    def finished(self, execution: ExecutionView) -> None:
        """Report an execution whose end is recorded now."""
        status, phase = execution.status, execution.phase
        self._events.emit(
            execution, status.reason or phase, _end_message(execution), warning=phase is not Phase.SUCCEEDED
        )
        _audit("ended", execution)
        seconds = ((status.completion_time or now()) - trace_start(execution)).total_seconds()
        label = self._metric_label(execution.action)
        self._metrics.observe_end(label, phase, status.reason, seconds, status.stages)
        if status.result and status.result.disbelieved:
            self._metrics.observe_disbelieved(label, status.result.disbelieved)
        if execution.approved_plan and status.job_name:
            names = (status.proposed_by or "", status.requested_by or "")
            self._metrics.observe_approved(label, phase, *names, trace_context(execution).trace_id)
        self._trace(execution)

    async def resend_recent(self, cluster: Cluster) -> None:
        """Send the traces of the latest ends again: the engine that recorded them may have died before it did."""
        since = now() - _RESEND_WINDOW
        recent = [view for view in self._caches.views() if view.has_ended and _ended_after(view, since)]
        for view in recent[:_MAX_RESENT]:
            try:  # the engine has permission to list executions, and none to get one
                page = await cluster.list(EXECUTIONS, view.namespace, fields=f"metadata.name={view.name}")
                for obj in page.items:
                    self._trace(ExecutionView(obj))
            except KubernautError as error:
                log.info("the trace of %s/%s is not sent again: %s", view.namespace, view.name, error)

    def _trace(self, execution: ExecutionView) -> None:
        try:
            self._tracing.send(execution, now(), self._linked(execution))
        except Exception:  # a defect in a trace must not affect an execution
            log.exception("the trace of %s/%s cannot be sent", execution.namespace, execution.name)

    def _linked(self, execution: ExecutionView) -> list[TraceContext]:
        """Return the trace contexts of the execution that it undoes, and of the dry run whose plan it carries out."""
        names = (execution.rollback_of, execution.approved_plan)
        found = [self._caches.view(Key(execution.namespace, name)) for name in names if name]
        return [trace_context(other) for other in found if other]


def _end_message(execution: ExecutionView) -> str:
    """Return the message of the Event of the end: for most executions it is the only Event, so it names the requester as well."""
    message, requester = execution.status.message or "", execution.status.requested_by
    requested = f" The execution was requested by {requester}." if requester else ""
    return f"{message[: MAX_MESSAGE_LENGTH - len(requested)]}{requested}"


def _audit(event: str, execution: ExecutionView) -> None:
    """Write one line of the audit log: the same record that `kubernaut history` reads from the cluster."""
    record = audit_record(execution)
    requester = f", requested by {record.requested_by}" if record.requested_by else ""
    summary = (
        f"{record.phase} {record.message or ''}"
        if event == "ended"
        else f"{record.action} on {record.target}{requester}"
    )
    audit_log.info(
        "execution %s/%s %s: %s",
        execution.namespace,
        execution.name,
        event,
        summary,
        extra={"audit": {"event": event, **record.to_json()}},
    )


def _ended_after(execution: ExecutionView, since: datetime) -> bool:
    completed = execution.status.completion_time
    return completed is not None and completed > since
