"""The StatefulSet controller: pods with fixed names, made in order and removed in reverse."""

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
    """One sync per StatefulSet."""

    name = "statefulset-controller"
    kind = "StatefulSet"
    resource = "statefulsets.apps"

    def sync_workload(self, found: Object) -> float | None:
        revision = f"{name_of(found)}-{template_hash(spec_of(found)['template'])}"
        pods = {_ordinal(pod): pod for pod in self.owned(found)}
        self._step(found, pods, revision)
        self._write(found, revision)
        return None

    def _step(self, found: Object, pods: dict[int, Object], revision: str) -> None:
        ordered = spec_of(found)["podManagementPolicy"] == "OrderedReady"
        wanted = spec_of(found)["replicas"]
        for index in range(wanted):
            pod = pods.get(index)
            if pod is None:
                pod = self._create(found, index, revision)
            elif is_finished(pod) and not is_deleting(pod):
                self.pods.delete(found, pod)
                return
            if ordered and not (is_ready(pod) and is_active(pod)):
                return
        for index in sorted((index for index in pods if index >= wanted), reverse=True):
            if is_active(pods[index]):
                self.pods.delete(found, pods[index])
            if ordered:
                return
        self._replace_outdated(found, pods, revision)

    def _replace_outdated(self, found: Object, pods: dict[int, Object], revision: str) -> None:
        """The rolling update: from the highest ordinal down, one at a time, each after the one before is ready."""
        update = spec_of(found)["updateStrategy"]
        if update.get("type") == "OnDelete":
            return
        partition = (update.get("rollingUpdate") or {}).get("partition", 0)
        for index in sorted(pods, reverse=True):
            pod = pods[index]
            if index < partition:
                return
            if labels_of(pod).get(_REVISION_LABEL) != revision and is_active(pod):
                self.pods.delete(found, pod)
                return
            if not is_ready(pod):
                return

    def _create(self, found: Object, index: int, revision: str) -> Object:
        name = f"{name_of(found)}-{index}"
        template = spec_of(found)["template"]
        labels = {**labels_of(template), _REVISION_LABEL: revision, _NAME_LABEL: name, _INDEX_LABEL: str(index)}
        pod_spec = {**spec_of(template), "hostname": name, "subdomain": spec_of(found).get("serviceName", "")}
        return self.pods.create(found, {**template, "spec": pod_spec}, name, labels=labels)

    def _write(self, found: Object, revision: str) -> None:
        active = [pod for pod in self.owned(found) if is_active(pod)]
        updated = sum(labels_of(pod).get(_REVISION_LABEL) == revision for pod in active)
        ready = sum(is_ready(pod) for pod in active)
        done = updated == len(active) == spec_of(found)["replicas"] == ready
        before = status_of(found).get("currentRevision")
        current = revision if done or not before else before
        of_current = sum(labels_of(pod).get(_REVISION_LABEL) == current for pod in active)
        amounts = {"readyReplicas": ready, "updatedReplicas": updated, "currentReplicas": of_current}
        status = {
            "observedGeneration": meta(found)["generation"],
            "replicas": len(active),
            "availableReplicas": ready,
            **{key: value for key, value in amounts.items() if value},
            "currentRevision": current,
            "updateRevision": revision,
            "collisionCount": 0,
        }
        self.put_status(self.resource, found, status)


def _ordinal(pod: Object) -> int:
    return int(name_of(pod).rpartition("-")[2])
