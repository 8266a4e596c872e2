"""What is missing from the rollout of a Deployment, StatefulSet or DaemonSet according to its status, and why it will never finish.

The conditions are those of `kubectl rollout status` (kubectl, polymorphichelpers/rollout_status.go), and stricter in two points: old
pods must be gone, and a rollout that replaces no pod is refused instead of reported as complete.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_REVISION = "controller-revision-hash"
_GENERATION_LABEL, _GENERATION_ANNOTATION = "pod-template-generation", "deprecated.daemonset.template.generation"
"""How a DaemonSet's controller recognizes updated pods (daemon/util, IsPodUpdated); listing revisions would need another permission."""
_ON_DELETE = "its update strategy is OnDelete, so a pod is replaced only when somebody deletes it"


class Workload:
    """How the status of one kind of workload is read."""

    def __init__(
        self,
        rollout: Callable[[dict[str, Any]], str],
        stuck: Callable[[dict[str, Any]], str],
        has_replicas: bool = True,
    ) -> None:
        self.rollout, self.stuck, self.has_replicas = rollout, stuck, has_replicas


def workload_of(kind: str) -> Workload:
    """Return how this kind, such as `apps/v1/statefulsets`, is read; another one as a Deployment, whose status many follow."""
    return _WORKLOADS.get(kind, _DEPLOYMENT)


def is_ready(workload: dict[str, Any], replicas: int | None, *, has_replicas: bool = True) -> str:
    """Return what is missing until exactly this many pods are ready, by default as many as its spec asks for, or ""."""
    if lagging := unobserved(workload):
        return lagging
    status = _status(workload)
    if not has_replicas:
        return _missing_daemons(status, "numberReady", "ready")
    wanted = _wanted(workload) if replicas is None else replicas
    ready, present = status.get("readyReplicas", 0), status.get("replicas", 0)
    return "" if ready == present == wanted else f"{ready} of {wanted} replicas ready, {present} present"


def missing_deployment(workload: dict[str, Any]) -> str:
    """Return what is missing until all replicas have the current template and are available, or ""."""
    if lagging := unobserved(workload):
        return lagging
    status, wanted = _status(workload), _wanted(workload)
    updated, present, available = (status.get(key, 0) for key in ("updatedReplicas", "replicas", "availableReplicas"))
    if updated == present == available == wanted:
        return ""
    return f"{updated} of {wanted} new, {present - updated} old, {available} available"


def missing_stateful_set(workload: dict[str, Any]) -> str:
    """Return what is missing until all replicas from the partition on are new, and all are ready, or "".

    Where the partition spares every replica, it is all of them, so that a rollout that replaces none is not taken for complete.
    """
    if lagging := unobserved(workload):
        return lagging
    status, wanted = _status(workload), _wanted(workload)
    to_replace = max(0, wanted - _partition(workload)) or wanted
    updated, present, ready = (status.get(key, 0) for key in ("updatedReplicas", "replicas", "readyReplicas"))
    # availableReplicas counts ready pods only after minReadySeconds; without these, not every version of the API has it
    lasting = status.get("availableReplicas", 0) if workload["spec"].get("minReadySeconds") else ready
    if updated >= to_replace and present == ready == lasting == wanted:
        return ""
    return f"{updated} of {to_replace} new, {present} of {wanted} present, {lasting} ready"


def missing_daemon_set(workload: dict[str, Any]) -> str:
    """Return what is missing until the pod of every node is new and available, or ""."""
    if lagging := unobserved(workload):
        return lagging
    status = _status(workload)
    updated, wanted = status.get("updatedNumberScheduled", 0), status.get("desiredNumberScheduled", 0)
    if updated < wanted:
        return f"{updated} of {wanted} new, {status.get('numberAvailable', 0)} available"
    return _missing_daemons(status, "numberAvailable", "available")


def unobserved(workload: dict[str, Any]) -> str:
    """Return that the controller has not read the change yet, or ""."""
    observed = _status(workload).get("observedGeneration", 0)
    lags = observed < workload["metadata"].get("generation", 0)
    return "its controller has not observed the change yet" if lags else ""


def new_pods(kind: str, written: dict[str, Any], workload: dict[str, Any]) -> Callable[[dict[str, Any]], bool]:
    """Return a function that recognizes the pods of the current template; without a way to do that, it accepts every pod."""
    metadata = workload["metadata"]
    generation = (metadata.get("annotations") or {}).get(_GENERATION_ANNOTATION)
    revision = _status(workload).get("updateRevision")
    if kind == "apps/v1/statefulsets" and revision:
        return lambda pod: _labels(pod).get(_REVISION) == revision
    if kind == "apps/v1/daemonsets" and generation:
        return lambda pod: _labels(pod).get(_GENERATION_LABEL) == generation
    template = ((written.get("spec") or {}).get("template") or {}).get("metadata") or {}
    stamped = {part: template.get(part) or {} for part in ("annotations", "labels")}
    return lambda pod: all(
        (pod["metadata"].get(part) or {}).get(key) == value for part in stamped for key, value in stamped[part].items()
    )


def _never_stateful_set(workload: dict[str, Any]) -> str:
    status, wanted = _status(workload), _wanted(workload)
    if status.get("updateRevision") == status.get("currentRevision") and not _is_on_delete(workload):
        return ""
    updated, partition = status.get("updatedReplicas", 0), _partition(workload)
    if _is_on_delete(workload) and updated < wanted:
        return f"{wanted - updated} of {wanted} pods are not replaced: {_ON_DELETE}"
    if wanted and partition >= wanted and updated < wanted:
        return (
            f"none of its {wanted} pods is replaced, because spec.updateStrategy.rollingUpdate.partition is {partition}"
        )
    return ""


def _never_daemon_set(workload: dict[str, Any]) -> str:
    status = _status(workload)
    updated, wanted = status.get("updatedNumberScheduled", 0), status.get("desiredNumberScheduled", 0)
    if _is_on_delete(workload) and updated < wanted:
        return f"{wanted - updated} of {wanted} pods are not replaced: {_ON_DELETE}"
    return ""


def _missing_daemons(status: dict[str, Any], field: str, word: str) -> str:
    found, wanted = status.get(field, 0), status.get("desiredNumberScheduled", 0)
    return "" if found >= wanted else f"{found} of {wanted} {word}"


def _is_on_delete(workload: dict[str, Any]) -> bool:
    return bool((workload["spec"].get("updateStrategy") or {}).get("type") == "OnDelete")


def _partition(workload: dict[str, Any]) -> int:
    rolling = (workload["spec"].get("updateStrategy") or {}).get("rollingUpdate") or {}
    return int(rolling.get("partition") or 0)


def _wanted(workload: dict[str, Any]) -> int:
    replicas = workload["spec"].get("replicas")
    return 1 if replicas is None else int(replicas)


def _labels(pod: dict[str, Any]) -> dict[str, str]:
    return pod["metadata"].get("labels") or {}


def _status(workload: dict[str, Any]) -> dict[str, Any]:
    return workload.get("status") or {}


_DEPLOYMENT = Workload(missing_deployment, lambda _: "")
_WORKLOADS = {
    "apps/v1/statefulsets": Workload(missing_stateful_set, _never_stateful_set),
    "apps/v1/daemonsets": Workload(missing_daemon_set, _never_daemon_set, has_replicas=False),
}
