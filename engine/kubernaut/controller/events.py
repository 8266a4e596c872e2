"""Records Events about executions, in the background. An Event that is lost is logged and counted; nothing depends on it."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from kubernaut.api.execution import API_VERSION, KIND
from kubernaut.api.labels import ANNOTATION_TRACE_ID
from kubernaut.api.timestamps import micro_time, now
from kubernaut.api.view import ExecutionView
from kubernaut.errors import KubernautError
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import EVENTS
from kubernaut.telemetry.trace_context import trace_context

log = logging.getLogger(__name__)

_COMPONENT = "kubernaut-engine"
_MAX_MESSAGE_LENGTH = 1024
"""The API server rejects longer messages of Events."""
_FLUSH_SECONDS = 5


class EventRecorder:
    """Sends Events as one engine."""

    def __init__(self, cluster: Cluster, identity: str) -> None:
        self._cluster, self._identity = cluster, identity
        self.dropped = 0
        """Events that the API server did not accept."""
        self._pending: set[asyncio.Task[None]] = set()

    def emit(self, execution: ExecutionView, reason: str, message: str, *, warning: bool = False) -> None:
        """Send an Event about the execution; returns at once."""
        task = asyncio.create_task(self._send(execution, reason, message, warning))
        self._pending.add(task)
        task.add_done_callback(self._pending.discard)

    async def flush(self) -> None:
        """Wait for the Events that are still on their way, for five seconds at most."""
        if self._pending:
            await asyncio.wait(self._pending, timeout=_FLUSH_SECONDS)

    async def _send(self, execution: ExecutionView, reason: str, message: str, warning: bool) -> None:
        event = self._event(execution, reason, message[:_MAX_MESSAGE_LENGTH], "Warning" if warning else "Normal")
        try:
            await self._cluster.create(EVENTS, execution.namespace, event)
        except KubernautError as error:
            self.dropped += 1
            log.warning("an Event about %s was lost: %s", execution.name, error)

    def _event(self, execution: ExecutionView, reason: str, message: str, kind: str) -> dict[str, Any]:
        time = micro_time(now())
        metadata = execution.json["metadata"]
        reference = {key: metadata[key] for key in ("name", "namespace", "uid", "resourceVersion")}
        return {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {
                "generateName": f"{execution.name}.",
                "namespace": execution.namespace,
                "annotations": {ANNOTATION_TRACE_ID: trace_context(execution).trace_id},
            },
            "involvedObject": {"apiVersion": API_VERSION, "kind": KIND, **reference},
            "reason": reason,
            "message": message,
            "type": kind,
            "action": reason,
            "reportingComponent": _COMPONENT,
            "reportingInstance": self._identity,
            "source": {"component": _COMPONENT},
            "eventTime": time,
            "firstTimestamp": time[:19] + "Z",
            "lastTimestamp": time[:19] + "Z",
            "count": 1,
        }
