"""The StatefulSet controller: pods with fixed names, created in order and deleted in reverse order."""

from __future__ import annotations

from kubernaut_sandbox.controllers.deployments import template_hash
from kubernaut_sandbox.controllers.pods import is_active, is_finished, is_ready
from kubernaut_sandbox.controllers.workloads import WorkloadController
from kubernaut_sandbox.model.objects import (
    Object,
    is_deleting,
    labels_of,
    meta,
    name_of,
    spec_of,
    status_of,
)

_REVISION_LABEL = "controller-revision-hash"
_NAME_LABEL = "statefulset.kubernetes.io/pod-name"
_INDEX_LABEL = "apps.kubernetes.io/pod-index"


class StatefulSetController(WorkloadController):
    """Creates, deletes and replaces the pods of a StatefulSet, by their ordinals."""

    name = "statefulset-controller"
    kind = "StatefulSet"
    resource = "statefulsets.apps"

    def sync_workload(self, stateful_set: Object) -> float | None:
        revision = f"{name_of(stateful_set)}-{template_hash(spec_of(stateful_set)['template'])}"
        pods = {_ordinal(pod): pod for pod in self.owned(stateful_set)}
        self._scale(stateful_set, pods, revision)
        self._update_status(stateful_set, revision)
        return None

    def _scale(self, stateful_set: Object, pods: dict[int, Object], revision: str) -> None:
        ordered = spec_of(stateful_set)["podManagementPolicy"] == "OrderedReady"
        replicas = spec_of(stateful_set)["replicas"]
        for index in range(replicas):
            pod = pods.get(index)
            if pod is None:
                pod = self._create_pod(stateful_set, index, revision)
            elif is_finished(pod) and not is_deleting(pod):
                self.pods.delete(stateful_set, pod)
                return
            if ordered and not (is_ready(pod) and is_active(pod)):
                return
        for index in sorted((index for index in pods if index >= replicas), reverse=True):
            if is_active(pods[index]):
                self.pods.delete(stateful_set, pods[index])
            if ordered:
                return
        self._replace_outdated(stateful_set, pods, revision)

    def _replace_outdated(self, stateful_set: Object, pods: dict[int, Object], revision: str) -> None:
        """Delete the next outdated pod: from the highest ordinal down, one at a time, once the pods above it are ready."""
        update = spec_of(stateful_set)["updateStrategy"]
        if update.get("type") == "OnDelete":
            return
        partition = (update.get("rollingUpdate") or {}).get("partition", 0)
        for index in sorted(pods, reverse=True):
            pod = pods[index]
            if index < partition:
                return
            if labels_of(pod).get(_REVISION_LABEL) != revision and is_active(pod):
                self.pods.delete(stateful_set, pod)
                return
            if not is_ready(pod):
                return

    def _create_pod(self, stateful_set: Object, index: int, revision: str) -> Object:
        name = f"{name_of(stateful_set)}-{index}"
        template = spec_of(stateful_set)["template"]
        labels = {**labels_of(template), _REVISION_LABEL: revision, _NAME_LABEL: name, _INDEX_LABEL: str(index)}
        pod_spec = {**spec_of(template), "hostname": name, "subdomain": spec_of(stateful_set).get("serviceName", "")}
        return self.pods.create(stateful_set, {**template, "spec": pod_spec}, name, labels=labels)

    def _update_status(self, stateful_set: Object, revision: str) -> None:
        active = [pod for pod in self.owned(stateful_set) if is_active(pod)]
        updated = sum(labels_of(pod).get(_REVISION_LABEL) == revision for pod in active)
        ready = sum(is_ready(pod) for pod in active)
        done = updated == len(active) == spec_of(stateful_set)["replicas"] == ready
        before = status_of(stateful_set).get("currentRevision")
        current = revision if done or not before else before
        at_current = sum(labels_of(pod).get(_REVISION_LABEL) == current for pod in active)
        amounts = {"readyReplicas": ready, "updatedReplicas": updated, "currentReplicas": at_current}
        status = {
            "observedGeneration": meta(stateful_set)["generation"],
            "replicas": len(active),
            "availableReplicas": ready,
            **{key: value for key, value in amounts.items() if value},
            "currentRevision": current,
            "updateRevision": revision,
            "collisionCount": 0,
        }
        self.put_status(self.resource, stateful_set, status)


def _ordinal(pod: Object) -> int:
    return int(name_of(pod).rpartition("-")[2])
