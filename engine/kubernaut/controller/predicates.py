"""Which changes of a Job or pod are significant enough to reconcile.

Most changes are the job controller's counting and the progress of scheduler and kubelet. Without this filter, half of all reconciles would
find nothing to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubernaut.jobs.foreign_containers import STUCK_REASONS
from kubernaut.kube.objects import CachedObject, Object

_CONDITIONS = {"Complete", "Failed", "PodScheduled", "DisruptionTarget"}
_WAITING = STUCK_REASONS | {"CrashLoopBackOff"}
_SCHEDULED = ("PodScheduled", "True", None, None)


def is_significant_change(old: CachedObject | None, new: CachedObject | None) -> bool:
    """Whether a reconcile could decide differently after this change of a Job or pod."""
    return old is None or new is None or _decision_fields(old.json) != _decision_fields(new.json)


def _decision_fields(obj: Object) -> tuple[Any, ...]:
    """Return what an outcome or a diagnosis is read from."""
    status, metadata = obj["status"], obj["metadata"]
    containers = [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]
    conditions = {
        (c["type"], c["status"], c.get("reason"), c.get("message"))
        for c in status.get("conditions") or []
        if c["type"] in _CONDITIONS
    }
    return (
        metadata["uid"],
        "deletionTimestamp" in metadata,
        metadata.get("labels"),
        metadata.get("ownerReferences"),
        *(status.get(key) for key in ("phase", "reason", "message")),
        conditions - {_SCHEDULED},
        [_container_state(container.get("state") or {}) for container in containers],
        (obj.get("spec") or {}).get("suspend"),
    )


def _container_state(state: Mapping[str, Any]) -> Any:
    waiting = state.get("waiting") or {}
    return state.get("terminated") or (waiting if waiting.get("reason") in _WAITING else None)
