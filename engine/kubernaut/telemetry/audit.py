"""One audit record of one execution, from the object alone: who asked for what, when, what was decided, and what came of it.

`kubernaut history` reads it from a cluster; whoever keeps a log writes the same record, so both can be searched with the same words.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubernaut.api.execution import Phase
from kubernaut.api.labels import ANNOTATION_REQUESTED_BY, ANNOTATION_ROLLBACK_OF
from kubernaut.api.timestamps import parse_time

ADMITTED, REFUSED, CANCELLED, UNDECIDED = "admitted", "refused", "cancelled", "undecided"


def record(obj: Mapping[str, Any]) -> dict[str, Any]:
    """The record, with the same keys for every execution: null where there is nothing to tell (yet)."""
    metadata, spec, status = obj["metadata"], obj.get("spec") or {}, obj.get("status") or {}
    annotations, result = metadata.get("annotations") or {}, status.get("result") or {}
    return {
        "execution": metadata["name"],
        "namespace": metadata.get("namespace"),
        "uid": metadata.get("uid"),
        "requestedBy": status.get("requestedBy") or annotations.get(ANNOTATION_REQUESTED_BY),
        "action": spec.get("action"),
        "target": status.get("target"),
        "parameters": spec.get("parameters") or {},
        "dryRun": bool(spec.get("dryRun")),
        "rollbackOf": annotations.get(ANNOTATION_ROLLBACK_OF),
        "created": metadata.get("creationTimestamp"),
        "started": status.get("startTime"),
        "ended": status.get("completionTime"),
        "seconds": seconds(status),
        "decision": decision(obj),
        "phase": status.get("phase", str(Phase.PENDING)),
        "reason": status.get("reason"),
        "message": status.get("message"),
        "attempts": status.get("attempts"),
        "job": status.get("jobName"),
        "changes": result.get("changes") or [],
        "rollback": result.get("rollback"),
        "traceId": _trace_id(status.get("traceparent")),
    }


def decision(obj: Mapping[str, Any]) -> str:
    """Was it let through? What came of one that was is its phase."""
    status = obj.get("status") or {}
    if status.get("jobName"):
        return ADMITTED
    phase = status.get("phase")
    if phase == Phase.CANCELLED:
        return CANCELLED
    return REFUSED if phase == Phase.FAILED else UNDECIDED


def seconds(status: Mapping[str, Any]) -> float | None:
    """From its start to its end; None while one of them is unknown."""
    began, ended = parse_time(status.get("startTime")), parse_time(status.get("completionTime"))
    return round((ended - began).total_seconds(), 3) if began and ended else None


def _trace_id(traceparent: str | None) -> str | None:
    """The second part of a W3C traceparent."""
    parts = (traceparent or "").split("-")
    return parts[1] if len(parts) == 4 else None
