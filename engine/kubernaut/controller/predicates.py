"""Which changes of a Job or pod are significant enough to reconcile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubernaut.jobs.attempts import TROUBLE_REASONS
from kubernaut.kube.objects import Object


def says_something_new(old: Object | None, new: Object | None) -> bool:
    """Is there anything in this change of a Job or pod that a look could come to another decision by?

    Most changes are the job controller's counting and the scheduler's and the kubelet's progress: half of all looks would be for nothing.
    """
    return old is None or new is None or _facts(old) != _facts(new)


def _facts(obj: Object) -> tuple[Any, ...]:
    """What of a Job or pod an outcome or a trouble is read from."""
    status, metadata = obj["status"], obj["metadata"]
    steps = [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]
    told = {
        (c["type"], c["status"], c.get("reason"), c.get("message"))
        for c in status.get("conditions", [])
        if c["type"] in _TELLING
    }
    return (
        metadata["uid"],
        "deletionTimestamp" in metadata,
        metadata.get("labels"),
        metadata.get("ownerReferences"),
        *(status.get(key) for key in ("phase", "reason", "message")),
        told - {_SCHEDULED},
        [_state(step.get("state", {})) for step in steps],
    )


def _state(state: Mapping[str, Any]) -> Any:
    waiting = state.get("waiting", {})
    return state.get("terminated") or (waiting if waiting.get("reason") in TROUBLE_REASONS else None)


_TELLING = {"Complete", "Failed", "PodScheduled", "DisruptionTarget"}


_SCHEDULED = ("PodScheduled", "True", None, None)
