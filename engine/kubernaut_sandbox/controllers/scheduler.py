"""The scheduler: binds pods to the one node, unless it is cordoned, does not match the pod's nodeSelector or has no room."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from kubernaut_cel.quantities import parse_quantity
from kubernaut_sandbox.cluster import NODE, Cluster
from kubernaut_sandbox.controllers.claims import CLAIMS, claim_names
from kubernaut_sandbox.controllers.loop import Controller, Key
from kubernaut_sandbox.controllers.pods import is_finished
from kubernaut_sandbox.model.objects import (
    Object,
    is_deleting,
    labels_of,
    name_of,
    namespace_of,
    put_condition,
    spec_of,
    status_of,
    uid_of,
)
from kubernaut_sandbox.model.requests import pod_requests
from kubernaut_sandbox.model.store import Change

_NOT_HELPFUL, _NO_VICTIMS = "Preemption is not helpful for scheduling", "No preemption victims found for incoming pod"


class Scheduler(Controller):
    """Binds pods to the node, and reports those that it cannot bind. It counts what the pods on the node request."""

    name = "default-scheduler"

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self._placed: dict[str, dict[str, Decimal]] = {}
        """What each pod on the node requests, by uid."""
        self._used: dict[str, Decimal] = {}
        self._waiting: set[Key] = set()

    def keys(self, change: Change) -> Iterable[Key]:
        if change.resource == "pods":
            key = namespace_of(change.new), name_of(change.new)
            if not spec_of(change.new).get("nodeName"):
                return [key]
            return tuple(self._waiting) if self._count(change) else []
        return tuple(self._waiting) if change.resource in ("nodes", CLAIMS) else []

    def sync(self, key: Key) -> float | None:
        pod = self.store.get("pods", *key)
        self._waiting.discard(key)
        if pod is None or is_deleting(pod) or spec_of(pod).get("nodeName"):
            return None
        if spec_of(pod).get("schedulerName") != self.name:
            return None
        reasons, remedy = self._unschedulable_reasons(pod)
        if reasons:
            self._waiting.add(key)
            self._report_unschedulable(pod, reasons, remedy)
            return None
        conditions = put_condition(
            status_of(pod).get("conditions") or (), {"type": "PodScheduled", "status": "True", "lastProbeTime": None}
        )
        status = {**status_of(pod), "conditions": conditions}
        # In Kubernetes a binding is a separate write, to which the pod's immutable fields do not apply.
        bound = {**pod, "spec": {**spec_of(pod), "nodeName": NODE}, "status": status}
        self.store.put("pods", bound)
        self.events.normal(pod, "Scheduled", f"Successfully assigned {key[0]}/{key[1]} to {NODE}")
        return None

    def _count(self, change: Change) -> bool:
        """Count a pod that is on the node until it has ended; return whether it has freed what it had."""
        uid, ended = uid_of(change.new), change.type == "DELETED" or is_finished(change.new)
        if ended == (uid not in self._placed):
            return False
        if ended:
            self._add(self._placed.pop(uid), -1)
            return True
        self._placed[uid] = pod_requests(change.new)
        self._add(self._placed[uid], 1)
        return False

    def _add(self, amounts: dict[str, Decimal], sign: int) -> None:
        for name, amount in amounts.items():
            self._used[name] = self._used.get(name, Decimal(0)) + sign * amount

    def _unschedulable_reasons(self, pod: Object) -> tuple[list[str], str]:
        """Return why the pod cannot be on the node, and what preemption has to say; nothing when it can be."""
        if problem := self._claim_problem(pod):
            return [problem], _NOT_HELPFUL
        node = self.store.get("nodes", "", NODE) or {}
        if spec_of(node).get("unschedulable") and not _tolerates_cordon(pod):
            return ["1 node(s) were unschedulable"], _NOT_HELPFUL
        selector = spec_of(pod).get("nodeSelector") or {}
        if not selector.items() <= labels_of(node).items() or _is_for_another_node(pod):
            return ["1 node(s) didn't match Pod's node affinity/selector"], _NOT_HELPFUL
        allocatable = {name: parse_quantity(text) for name, text in (status_of(node).get("allocatable") or {}).items()}
        requests, zero = pod_requests(pod), Decimal(0)
        lacking = [
            name
            for name, amount in requests.items()
            if amount > 0 and amount > allocatable.get(name, zero) - self._used.get(name, zero)
        ]
        reasons = [f"1 Insufficient {name}" for name in lacking]
        if len(self._placed) + 1 > allocatable.get("pods", zero):
            reasons.append("1 Too many pods")
        impossible = any(requests[name] > allocatable.get(name, zero) for name in lacking)
        return sorted(reasons), _NOT_HELPFUL if impossible else _NO_VICTIMS

    def _claim_problem(self, pod: Object) -> str:
        """Return why the claims of the pod keep it from running; empty when they do not."""
        for name in sorted(claim_names(pod)):
            claim = self.store.get(CLAIMS, namespace_of(pod), name)
            if claim is None:
                return f'persistentvolumeclaim "{name}" not found'
            if is_deleting(claim):
                return f'persistentvolumeclaim "{name}" is being deleted'
            if status_of(claim).get("phase") != "Bound":
                return "pod has unbound immediate PersistentVolumeClaims"
        return ""

    def _report_unschedulable(self, pod: Object, reasons: list[str], remedy: str) -> None:
        none = "0/1 nodes are available:"
        listed = ", ".join(reasons)
        message = f"{none} {listed}. no new claims to deallocate, preemption: {none} 1 {remedy}."
        condition = {
            "type": "PodScheduled",
            "status": "False",
            "reason": "Unschedulable",
            "message": message,
            "lastProbeTime": None,
        }
        conditions = put_condition(status_of(pod).get("conditions") or (), condition)
        self.put_status("pods", pod, {**status_of(pod), "conditions": conditions})
        self.events.warning(pod, "FailedScheduling", message)


def _is_for_another_node(pod: Object) -> bool:
    """Whether the pod's affinity names other nodes only, as that of a DaemonSet's pod may."""
    affinity = (spec_of(pod).get("affinity") or {}).get("nodeAffinity") or {}
    terms = (affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or {}).get("nodeSelectorTerms") or ()
    fields = [field for term in terms for field in term.get("matchFields") or ()]
    named = [field for field in fields if field.get("key") == "metadata.name" and field.get("operator") == "In"]
    return bool(named) and not any(NODE in (field.get("values") or ()) for field in named)


def _tolerates_cordon(pod: Object) -> bool:
    """Whether the pod tolerates the taint of a cordoned node, as those of DaemonSets do."""
    return any(
        item.get("operator") == "Exists"
        and item.get("key") in (None, "", "node.kubernetes.io/unschedulable")
        and item.get("effect") in (None, "", "NoSchedule")
        for item in spec_of(pod).get("tolerations") or ()
    )
