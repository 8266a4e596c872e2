"""The kinds of workloads, and what of their state a reader wants to know."""

from __future__ import annotations

from typing import Any

RESOURCES = {
    "Deployment": "apps/v1/deployments",
    "StatefulSet": "apps/v1/statefulsets",
    "DaemonSet": "apps/v1/daemonsets",
}
_REPLICAS = (("updated", "updatedReplicas"), ("ready", "readyReplicas"), ("available", "availableReplicas"))
_NODES = (("updated", "updatedNumberScheduled"), ("ready", "numberReady"), ("available", "numberAvailable"))


def stale(workload: dict[str, Any]) -> str:
    """Return that its controller has not processed its latest spec yet, or "".

    Until then its status is that of an earlier spec (`status.observedGeneration`, Kubernetes API reference).
    """
    generation = workload["metadata"].get("generation") or 0
    observed = (workload.get("status") or {}).get("observedGeneration") or 0
    if observed >= generation:
        return ""
    return f"its status is of generation {observed}, and its spec is generation {generation} already"


def summary(workload: dict[str, Any]) -> str:
    """Return its generation and how many of its pods are as wanted, in a few words."""
    spec, status = workload.get("spec") or {}, workload.get("status") or {}
    is_daemon = "desiredNumberScheduled" in status
    wanted = status["desiredNumberScheduled"] if is_daemon else spec.get("replicas", 1)
    counts = [f"{status.get(field) or 0} {word}" for word, field in (_NODES if is_daemon else _REPLICAS)]
    return f"generation {workload['metadata'].get('generation')}; {wanted} pods wanted, {', '.join(counts)}"
