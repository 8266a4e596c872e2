"""Records Events about executions, in the background. An Event that is lost is logged and counted; nothing depends on it.

The Event of a start is held for some seconds. Most executions have ended by then, and the Event of the end says what happened, to what and
for whom; a start before it would only cost the API server another object. A person who looks at one that takes longer finds that it began.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
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
MAX_MESSAGE_LENGTH = 1024
"""The API server rejects longer messages of Events."""
_HOLD_SECONDS = 10.0
_FLUSH_SECONDS = 5


@dataclass(frozen=True, slots=True)
class _Held:
    event: dict[str, Any]
    timer: asyncio.TimerHandle


class EventRecorder:
    """Sends Events as one engine."""

    def __init__(self, cluster: Cluster, identity: str, hold_seconds: float = _HOLD_SECONDS) -> None:
        self._cluster, self._identity, self._hold_seconds = cluster, identity, hold_seconds
        self.dropped = 0
        """Events that the API server did not accept."""
        self._pending: set[asyncio.Task[None]] = set()
        self._held: dict[str, _Held] = {}
        """By the uid of the execution."""

    def emit(self, execution: ExecutionView, reason: str, message: str, *, warning: bool = False) -> None:
        """Send an Event about the execution, and forget the one that is held; returns at once."""
        self._forget(execution.uid)
        self._start(self._event(execution, reason, message, "Warning" if warning else "Normal"))

    def hold(self, execution: ExecutionView, reason: str, message: str) -> None:
        """Send an Event about the execution in some seconds, with the time of now, unless another one is sent before."""
        self._forget(execution.uid)
        timer = asyncio.get_running_loop().call_later(self._hold_seconds, self._release, execution.uid)
        self._held[execution.uid] = _Held(self._event(execution, reason, message, "Normal"), timer)

    async def flush(self) -> None:
        """Send the Events that are held, and wait for all, for five seconds at most."""
        for uid in list(self._held):
            self._release(uid)
        await self.settle()

    async def settle(self) -> None:
        """Wait for the Events that are on their way, for five seconds at most."""
        if self._pending:
            await asyncio.wait(self._pending, timeout=_FLUSH_SECONDS)

    def _forget(self, uid: str) -> None:
        if held := self._held.pop(uid, None):
            held.timer.cancel()

    def _release(self, uid: str) -> None:
        event = self._held[uid].event
        self._forget(uid)
        self._start(event)

    def _start(self, event: dict[str, Any]) -> None:
        task = asyncio.create_task(self._send(event))
        self._pending.add(task)
        task.add_done_callback(self._pending.discard)

    async def _send(self, event: dict[str, Any]) -> None:
        try:
            await self._cluster.create(EVENTS, event["metadata"]["namespace"], event)
        except KubernautError as error:
            self.dropped += 1
            log.warning("an Event about %s was lost: %s", event["involvedObject"]["name"], error)

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
            "message": message[:MAX_MESSAGE_LENGTH],
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
