"""Writes what is known into the execution's status, and tells it in Events. The only writer of both.

Each write is conditional on the version that was read: of two engines, or an engine and a person, one wins and the other looks again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from kubernaut.api.execution import API_VERSION, GROUP, KIND, Phase, Reason
from kubernaut.api.timestamps import now, timestamp
from kubernaut.errors import KubernautError
from kubernaut.kube.client import Cluster
from kubernaut.kube.informer import Informer
from kubernaut.kube.objects import Object
from kubernaut.kube.resources import EVENTS, EXECUTIONS
from kubernaut.telemetry.trace_context import trace_context

log = logging.getLogger(__name__)

ANNOTATION_TRACE_ID = f"{GROUP}/trace-id"
_MESSAGE_BOUND = 1024


class Recorder:
    """Status writes and Events of this engine."""

    def __init__(self, cluster: Cluster, executions: Informer, identity: str) -> None:
        self._cluster, self._executions, self._identity = cluster, executions, identity
        self.lost = 0
        """Events that the API server did not take."""
        self._telling: set[asyncio.Task[None]] = set()

    async def write(self, obj: Object, status: Mapping[str, Any]) -> Object:
        """Merge `status` (None takes a field away) into the execution's, if nobody wrote since `obj` was read."""
        metadata = obj["metadata"]
        patch = {"metadata": {"resourceVersion": metadata["resourceVersion"]}, "status": dict(status)}
        written = await self._cluster.patch(
            EXECUTIONS, metadata["namespace"], metadata["name"], patch, subresource="status"
        )
        self._executions.accept(written)
        return written

    async def phase(
        self, obj: Object, phase: Phase, reason: Reason | None, message: str, more: Mapping[str, Any] | None = None
    ) -> Object:
        """Write a phase with its reason and message, unless just that is recorded already."""
        told = obj.get("status", {})
        if not more and (told.get("phase"), told.get("reason"), told.get("message")) == (phase, reason, message):
            return obj
        generation = obj["metadata"].get("generation")
        return await self.write(
            obj,
            {"phase": phase, "reason": reason, "message": message, "observedGeneration": generation, **(more or {})},
        )

    def tell(self, obj: Object, reason: str, message: str, *, warning: bool = False) -> None:
        """Send an Event about the execution, in the background: an Event that is lost is logged, and loses nothing else."""
        task = asyncio.create_task(self._tell(obj, reason, message, warning))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def finish(self) -> None:
        """Wait for the Events that are still on their way."""
        if self._telling:
            await asyncio.wait(self._telling, timeout=5)

    async def _tell(self, obj: Object, reason: str, message: str, warning: bool) -> None:
        metadata = obj["metadata"]
        time = timestamp(now())
        event = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {
                "generateName": f"{metadata['name']}.",
                "namespace": metadata["namespace"],
                "annotations": {ANNOTATION_TRACE_ID: trace_context(obj).trace_id},
            },
            "involvedObject": {"apiVersion": API_VERSION, "kind": KIND, **_reference(metadata)},
            "reason": reason,
            "message": message[:_MESSAGE_BOUND],
            "type": "Warning" if warning else "Normal",
            "action": reason,
            "reportingComponent": "kubernaut-engine",
            "reportingInstance": self._identity,
            "source": {"component": "kubernaut-engine"},
            "eventTime": time,
            "firstTimestamp": time[:19] + "Z",
            "lastTimestamp": time[:19] + "Z",
            "count": 1,
        }
        try:
            await self._cluster.create(EVENTS, metadata["namespace"], event)
        except KubernautError as error:
            self.lost += 1
            log.warning("an Event about %s was lost: %s", metadata["name"], error)


def _reference(metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {key: metadata[key] for key in ("name", "namespace", "uid", "resourceVersion")}
