"""The scheduler: binds pods to the one node, unless the node is cordoned or the pod's nodeSelector does not match it."""

from __future__ import annotations

from collections.abc import Iterable

from kubernaut_sandbox.cluster import NODE
from kubernaut_sandbox.controllers.loop import Controller, Key
from kubernaut_sandbox.model.objects import (
    Object,
    is_deleting,
    labels_of,
    name_of,
    namespace_of,
    put_condition,
    spec_of,
    status_of,
)
from kubernaut_sandbox.model.store import Change


class Scheduler(Controller):
    """Binds pods to the node, and reports those that it cannot bind."""

    name = "default-scheduler"

    def keys(self, change: Change) -> Iterable[Key]:
        if change.resource == "pods" and change.type != "DELETED" and not spec_of(change.new).get("nodeName"):
            yield namespace_of(change.new), name_of(change.new)
        elif change.resource == "nodes" and change.type == "MODIFIED":
            yield from (
                (namespace_of(pod), name_of(pod)) for pod in self.store.list("pods") if not spec_of(pod).get("nodeName")
            )

    def sync(self, key: Key) -> float | None:
        pod = self.store.get("pods", *key)
        if pod is None or is_deleting(pod) or spec_of(pod).get("nodeName"):
            return None
        reason = self._unschedulable_reason(pod)
        if reason:
            self._report_unschedulable(pod, reason)
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

    def _unschedulable_reason(self, pod: Object) -> str:
        node = self.store.get("nodes", "", NODE) or {}
        if spec_of(node).get("unschedulable") and not _tolerates_cordon(pod):
            return "1 node(s) were unschedulable"
        selector = spec_of(pod).get("nodeSelector") or {}
        if any(labels_of(node).get(label) != value for label, value in selector.items()):
            return "1 node(s) didn't match Pod's node affinity/selector"
        return ""

    def _report_unschedulable(self, pod: Object, reason: str) -> None:
        message = f"0/1 nodes are available: {reason}."
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


def _tolerates_cordon(pod: Object) -> bool:
    """Whether the pod tolerates the taint of a cordoned node, as those of DaemonSets do."""
    return any(
        item.get("operator") == "Exists"
        and item.get("key") in (None, "", "node.kubernetes.io/unschedulable")
        and item.get("effect") in (None, "", "NoSchedule")
        for item in spec_of(pod).get("tolerations") or ()
    )
