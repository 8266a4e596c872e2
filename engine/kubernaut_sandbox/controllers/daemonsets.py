"""The DaemonSet controller: one pod on every node that its template fits, replaced as the update strategy says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kubernaut_sandbox.cluster import Cluster
from kubernaut_sandbox.controllers.loop import Key
from kubernaut_sandbox.controllers.pods import is_active, is_available, is_finished, is_ready, next_available
from kubernaut_sandbox.controllers.revisions import Revisions
from kubernaut_sandbox.controllers.workloads import WorkloadController
from kubernaut_sandbox.model.amounts import scaled
from kubernaut_sandbox.model.objects import (
    Object,
    is_deleting,
    labels_of,
    meta,
    name_of,
    namespace_of,
    spec_of,
    status_of,
)
from kubernaut_sandbox.model.store import Change
from kubernaut_sandbox.registry.strategies.daemonsets import template_generation

HASH_LABEL = "controller-revision-hash"
_GENERATION_LABEL = "pod-template-generation"
_TAINTS = {
    "NoExecute": ("not-ready", "unreachable"),
    "NoSchedule": ("disk-pressure", "memory-pressure", "pid-pressure", "unschedulable"),
}
"""The taints that every pod of a DaemonSet tolerates."""


@dataclass(frozen=True, slots=True)
class _Daemons:
    """A DaemonSet's pods by node, and the hash of its present template."""

    pods: dict[str, list[Object]]
    digest: str
    min_ready: int

    def is_updated(self, pod: Object) -> bool:
        return labels_of(pod).get(HASH_LABEL) == self.digest

    def is_available(self, pod: Object | None) -> bool:
        return pod is not None and is_available(pod, self.min_ready)

    def pair(self, node: str) -> tuple[Object | None, Object | None]:
        """Return the oldest running pod of the present template on the node, and of an earlier one."""
        running = [pod for pod in self.pods[node] if is_active(pod)]
        new = next((pod for pod in running if self.is_updated(pod)), None)
        return new, next((pod for pod in running if not self.is_updated(pod)), None)


class DaemonSetController(WorkloadController):
    """Creates the pods of a DaemonSet, replaces outdated ones, and counts them in the status."""

    name = "daemonset-controller"
    kind = "DaemonSet"
    resource = "daemonsets.apps"

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self._revisions = Revisions(self, HASH_LABEL)

    def keys(self, change: Change) -> Iterable[Key]:
        if change.resource == "nodes":
            yield from ((namespace_of(item), name_of(item)) for item in self.store.list(self.resource))
        yield from super().keys(change)

    def sync_workload(self, daemon_set: Object) -> float | None:
        revision = self._revisions.latest(daemon_set)
        nodes = [name_of(node) for node in self.store.list("nodes") if _fits(daemon_set, node)]
        daemons = self._daemons(daemon_set, nodes, revision)
        self._manage(daemon_set, nodes, daemons)
        if spec_of(daemon_set)["updateStrategy"]["type"] == "RollingUpdate":
            self._update(daemon_set, nodes, self._daemons(daemon_set, nodes, revision))
        daemons = self._daemons(daemon_set, nodes, revision)
        live = {f"{name_of(daemon_set)}-{labels_of(pod).get(HASH_LABEL)}" for pod in self.owned(daemon_set)}
        self._revisions.truncate(daemon_set, {*live, name_of(revision)})
        self._update_status(daemon_set, nodes, daemons)
        return next_available((pod for pods in daemons.pods.values() for pod in pods), daemons.min_ready)

    def _daemons(self, daemon_set: Object, nodes: list[str], revision: Object) -> _Daemons:
        pods: dict[str, list[Object]] = {node: [] for node in nodes}
        for pod in sorted(self.owned(daemon_set), key=lambda pod: meta(pod)["creationTimestamp"]):
            if not (is_deleting(pod) and is_finished(pod)):
                pods.setdefault(_node_of(pod), []).append(pod)
        min_ready = spec_of(daemon_set).get("minReadySeconds") or 0
        return _Daemons(pods, self._revisions.hash_of(revision), min_ready)

    def _manage(self, daemon_set: Object, nodes: list[str], daemons: _Daemons) -> None:
        """Create the missing pods; delete those that have ended, are surplus, or are on a node that they do not fit."""
        surge = _surges(daemon_set)
        for node, pods in daemons.pods.items():
            running = [pod for pod in pods if is_active(pod)]
            surplus = [pod for pod in pods if not is_deleting(pod)]
            if node in nodes:
                surplus = [*self._ended(daemon_set, node, pods), *self._surplus(daemons, node, running, surge=surge)]
            for pod in surplus:
                self.pods.delete(daemon_set, pod)
            if node in nodes and not (running if surge else pods):
                self._create_pod(daemon_set, node, daemons.digest)

    def _ended(self, daemon_set: Object, node: str, pods: list[Object]) -> list[Object]:
        ended = [pod for pod in pods if is_finished(pod) and not is_deleting(pod)]
        for pod in ended:
            where = f"{namespace_of(pod)}/{name_of(pod)} on node {node}"
            if status_of(pod)["phase"] == "Failed":
                message = f"Found failed daemon pod {where}, will try to kill it"
                self.events.warning(daemon_set, "FailedDaemonPod", message)
            else:
                message = f"Found succeeded daemon pod {where}, will try to delete it"
                self.events.normal(daemon_set, "SucceededDaemonPod", message)
        return ended

    @staticmethod
    def _surplus(daemons: _Daemons, node: str, running: list[Object], *, surge: bool) -> list[Object]:
        """Return the running pods beyond one; with a surge, an old one stays until the new one is available."""
        if not surge:
            return running[1:]
        new, old = daemons.pair(node)
        surplus = [pod for pod in running if pod is not new and pod is not old]
        replaced = new is not None and old is not None and (not is_ready(old) or daemons.is_available(new))
        return [*surplus, old] if replaced and old is not None else surplus

    def _update(self, daemon_set: Object, nodes: list[str], daemons: _Daemons) -> None:
        """Delete as many outdated pods as may be unavailable; or, with a surge, create new pods beside as many of them."""
        rolling = spec_of(daemon_set)["updateStrategy"].get("rollingUpdate") or {}
        pairs = {node: daemons.pair(node) for node in nodes}
        outdated = {node: old for node, (new, old) in pairs.items() if old is not None and new is None}
        broken = {node: old for node, old in outdated.items() if not daemons.is_available(old)}
        healthy = {node: old for node, old in outdated.items() if node not in broken}
        if _surges(daemon_set):
            room = scaled(rolling["maxSurge"], len(nodes), round_up=True)
            room -= sum(new is not None and old is not None for new, old in pairs.values())
            for node in [*broken, *list(healthy)[: max(room, 0)]]:
                self._create_pod(daemon_set, node, daemons.digest)
            return
        room = scaled(rolling["maxUnavailable"], len(nodes), round_up=True) - len(broken)
        room -= sum(not daemons.is_available(new) for node, (new, _) in pairs.items() if node not in outdated)
        for pod in [*broken.values(), *list(healthy.values())[: max(room, 0)]]:
            self.pods.delete(daemon_set, pod)

    def _create_pod(self, daemon_set: Object, node: str, digest: str) -> None:
        template = spec_of(daemon_set)["template"]
        pod_spec = {**spec_of(template), "affinity": _affinity(spec_of(template), node)}
        pod_spec["tolerations"] = [*(pod_spec.get("tolerations") or ()), *_tolerations(pod_spec)]
        labels = {**labels_of(template), HASH_LABEL: digest, _GENERATION_LABEL: str(template_generation(daemon_set))}
        self.pods.create(daemon_set, {**template, "spec": pod_spec}, labels=labels)

    def _update_status(self, daemon_set: Object, nodes: list[str], daemons: _Daemons) -> None:
        first = [daemons.pods[node][0] for node in nodes if daemons.pods[node]]
        available = sum(daemons.is_available(pod) for pod in first)
        amounts = {
            "updatedNumberScheduled": sum(daemons.is_updated(pod) for pod in first),
            "numberAvailable": available,
            "numberUnavailable": len(nodes) - available,
        }
        status = {
            "observedGeneration": meta(daemon_set)["generation"],
            "desiredNumberScheduled": len(nodes),
            "currentNumberScheduled": len(first),
            "numberMisscheduled": sum(bool(pods) for node, pods in daemons.pods.items() if node not in nodes),
            "numberReady": sum(is_ready(pod) for pod in first),
            **{key: value for key, value in amounts.items() if value},
        }
        self.put_status(self.resource, daemon_set, status)


def _fits(daemon_set: Object, node: Object) -> bool:
    """Whether a pod of the template can be on the node. Its tolerations include the taint of a cordoned node."""
    spec = spec_of(spec_of(daemon_set)["template"])
    selector = spec.get("nodeSelector") or {}
    return spec.get("nodeName") in (None, "", name_of(node)) and selector.items() <= labels_of(node).items()


def _surges(daemon_set: Object) -> bool:
    rolling = spec_of(daemon_set)["updateStrategy"].get("rollingUpdate") or {}
    return rolling.get("maxSurge", 0) not in (0, "0", "0%")


def _tolerations(pod_spec: Object) -> list[Object]:
    given = {(item.get("key"), item.get("effect")) for item in pod_spec.get("tolerations") or ()}
    wanted = [(f"node.kubernetes.io/{name}", effect) for effect, names in _TAINTS.items() for name in names]
    if pod_spec.get("hostNetwork"):
        wanted.append(("node.kubernetes.io/network-unavailable", "NoSchedule"))
    return [
        {"key": key, "operator": "Exists", "effect": effect} for key, effect in wanted if (key, effect) not in given
    ]


def _affinity(pod_spec: Object, node: str) -> Object:
    """Return the template's affinity, with the node as the only one."""
    affinity = pod_spec.get("affinity") or {}
    fields = [{"key": "metadata.name", "operator": "In", "values": [node]}]
    required = {"nodeSelectorTerms": [{"matchFields": fields}]}
    of_nodes = {**(affinity.get("nodeAffinity") or {}), "requiredDuringSchedulingIgnoredDuringExecution": required}
    return {**affinity, "nodeAffinity": of_nodes}


def _node_of(pod: Object) -> str:
    """Return the node that the pod is on, or is meant for."""
    if spec_of(pod).get("nodeName"):
        return str(spec_of(pod)["nodeName"])
    affinity = ((spec_of(pod).get("affinity") or {}).get("nodeAffinity") or {}).get(
        "requiredDuringSchedulingIgnoredDuringExecution"
    )
    return str(affinity["nodeSelectorTerms"][0]["matchFields"][0]["values"][0]) if affinity else ""
