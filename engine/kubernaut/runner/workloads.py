"""What a Deployment or StatefulSet still lacks, and where waiting for it cannot help, as far as its own status tells."""

from __future__ import annotations

from kubernaut.runner.exceptions import Rejected

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def missing_replicas(workload: dict[str, Any], replicas: int) -> str:
    """Return what is missing until exactly this many replicas are ready, or ""."""
    if lagging := _unobserved(workload):
        return lagging
    status = workload.get("status", {})
    ready, present = status.get("readyReplicas", 0), status.get("replicas", 0)
    if ready == present == replicas:
        return ""
    return f"{ready} of {replicas} replicas ready, {present} present{_cause(workload)}"


def missing_rollout(workload: dict[str, Any]) -> str:
    """Return what is missing until all replicas have the current template and are available, or "".

    Raises Rejected for a rollout that cannot finish by itself.
    """
    if workload["spec"].get("paused"):
        name = workload["metadata"]["name"]
        raise Rejected(f"the rollout does not finish, because it was paused: kubectl rollout resume deployment/{name}")
    if lagging := _unobserved(workload):
        return lagging
    _reject_overdue(workload)
    status, wanted = workload.get("status", {}), workload["spec"].get("replicas", 1)
    updated, present, available = (status.get(key, 0) for key in ("updatedReplicas", "replicas", "availableReplicas"))
    if updated == present == available == wanted:
        return ""
    return f"{updated} of {wanted} new, {present - updated} old, {available} available{_cause(workload)}"


def blocked(workload: dict[str, Any]) -> str:
    """Return why the cluster creates no more pods for it, such as a quota, or ""."""
    failure = _conditions(workload).get("ReplicaFailure", {})
    return str(failure.get("message", "")) if failure.get("status") == "True" else ""


def _unobserved(workload: dict[str, Any]) -> str:
    observed = workload.get("status", {}).get("observedGeneration", 0)
    return (
        ""
        if observed >= workload["metadata"].get("generation", 0)
        else "its controller has not observed the change yet"
    )


def _reject_overdue(workload: dict[str, Any]) -> None:
    progressing = _conditions(workload).get("Progressing", {})
    if progressing.get("reason") == "ProgressDeadlineExceeded":
        raise Rejected(
            f"the rollout does not finish: {progressing.get('message', '')}{_cause(workload)}; "
            "check its pods: kubectl describe pods"
        )


def _cause(workload: dict[str, Any]) -> str:
    cause = blocked(workload)
    return f"; {cause}" if cause else ""


def _conditions(workload: dict[str, Any]) -> dict[str, Any]:
    return {condition["type"]: condition for condition in workload.get("status", {}).get("conditions") or ()}
