"""The StatefulSet controller: pods with fixed names, created in order and deleted in reverse order."""

from __future__ import annotations

from kubernaut_sandbox.cluster import Cluster
from kubernaut_sandbox.controllers.pods import is_available, is_finished, is_ready, next_available
from kubernaut_sandbox.controllers.revisions import Revisions, template_of
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

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self._revisions = Revisions(self, "controller.kubernetes.io/hash")

    def sync_workload(self, stateful_set: Object) -> float | None:
        update = self._revisions.latest(stateful_set)
        name = status_of(stateful_set).get("currentRevision")
        current = next((item for item in self._revisions.of(stateful_set) if name_of(item) == name), update)
        pods = {_ordinal(pod): pod for pod in self.owned(stateful_set)}
        try:
            self._scale(stateful_set, pods, current, update)
        finally:
            self._update_status(stateful_set, name_of(current), name_of(update))
        live = {str(labels_of(pod).get(_REVISION_LABEL)) for pod in self.owned(stateful_set)}
        self._revisions.truncate(stateful_set, {*live, name_of(current), name_of(update)})
        return next_available(self.owned(stateful_set), _min_ready(stateful_set))

    def _scale(self, stateful_set: Object, pods: dict[int, Object], current: Object, update: Object) -> None:
        ordered = spec_of(stateful_set)["podManagementPolicy"] == "OrderedReady"
        ordinals = _ordinals(stateful_set)
        ended = [pods[index] for index in ordinals if index in pods and is_finished(pods[index])]
        for index in ordinals:
            pod = pods.get(index)
            if pod is None:
                revision = self._revision_for(stateful_set, index, current, update)
                pods[index] = self._create_pod(stateful_set, index, revision)
            elif pod in ended and not is_deleting(pod):
                self.pods.delete(stateful_set, pod)
            if ordered and not _is_healthy(stateful_set, pods[index]):
                return
        cleared = self._delete_surplus(stateful_set, pods, ordinals, ordered=ordered)
        if not ended and (cleared or not ordered):
            self._replace_outdated(stateful_set, pods, ordinals, name_of(update))

    def _delete_surplus(self, stateful_set: Object, pods: dict[int, Object], ordinals: range, *, ordered: bool) -> bool:
        """Delete the pods that are too many, the highest ordinal first; return whether none is left."""
        surplus = [index for index in sorted(pods, reverse=True) if index not in ordinals]
        unhealthy = [index for index in reversed(surplus) if not _is_healthy(stateful_set, pods[index])]
        for index in surplus:
            pod = pods[index]
            waits = ordered and not _is_healthy(stateful_set, pod) and index != unhealthy[0]
            if not is_deleting(pod) and not waits:
                self.pods.delete(stateful_set, pod)
            if ordered:
                break
        return not surplus

    @staticmethod
    def _revision_for(stateful_set: Object, index: int, current: Object, update: Object) -> Object:
        """Return the revision of a new pod: the update, except below the partition."""
        strategy = spec_of(stateful_set)["updateStrategy"]
        if strategy["type"] != "RollingUpdate":
            return update
        rolling = strategy.get("rollingUpdate")
        limit = rolling["partition"] if rolling else status_of(stateful_set).get("currentReplicas", 0)
        return current if index < _ordinals(stateful_set).start + limit else update

    def _replace_outdated(self, stateful_set: Object, pods: dict[int, Object], ordinals: range, revision: str) -> None:
        """Delete the next outdated pod: from the highest ordinal down, one at a time, once the pods above it are available."""
        update = spec_of(stateful_set)["updateStrategy"]
        if update["type"] == "OnDelete":
            return
        partition = (update.get("rollingUpdate") or {}).get("partition", 0)
        for index in reversed(ordinals[partition:]):
            pod = pods[index]
            if labels_of(pod).get(_REVISION_LABEL) != revision and not is_deleting(pod):
                self.pods.delete(stateful_set, pod)
                return
            if not _is_healthy(stateful_set, pod):
                return

    def _create_pod(self, stateful_set: Object, index: int, revision: Object) -> Object:
        name, template = f"{name_of(stateful_set)}-{index}", template_of(revision)
        own = {_REVISION_LABEL: name_of(revision), _NAME_LABEL: name, _INDEX_LABEL: str(index)}
        pod_spec = {**spec_of(template), "hostname": name, "subdomain": spec_of(stateful_set).get("serviceName", "")}
        template = {**template, "spec": pod_spec}
        return self.pods.create(stateful_set, template, name, labels={**labels_of(template), **own})

    def _update_status(self, stateful_set: Object, current: str, update: str) -> None:
        pods, replicas = self.owned(stateful_set), spec_of(stateful_set)["replicas"]
        ready = [pod for pod in pods if status_of(pod).get("phase") == "Running" and is_ready(pod)]
        revisions = [labels_of(pod).get(_REVISION_LABEL) for pod in pods if not is_deleting(pod)]
        updated = revisions.count(update)
        done = updated == replicas == len(ready) == len(pods)
        if done and spec_of(stateful_set)["updateStrategy"]["type"] == "RollingUpdate":
            current = update
        amounts = {
            "readyReplicas": len(ready),
            "currentReplicas": revisions.count(current),
            "updatedReplicas": updated,
        }
        status = {
            "observedGeneration": meta(stateful_set)["generation"],
            "replicas": len(pods),
            "availableReplicas": sum(is_available(pod, _min_ready(stateful_set)) for pod in ready),
            **{key: value for key, value in amounts.items() if value},
            "currentRevision": current,
            "updateRevision": update,
            "collisionCount": 0,
        }
        self.put_status(self.resource, stateful_set, status)


def _ordinal(pod: Object) -> int:
    return int(name_of(pod).rpartition("-")[2])


def _ordinals(stateful_set: Object) -> range:
    start = (spec_of(stateful_set).get("ordinals") or {}).get("start", 0)
    return range(start, start + spec_of(stateful_set)["replicas"])


def _min_ready(stateful_set: Object) -> int:
    return int(spec_of(stateful_set).get("minReadySeconds") or 0)


def _is_healthy(stateful_set: Object, pod: Object) -> bool:
    """Whether the pod is available and is not being deleted."""
    running = status_of(pod).get("phase") == "Running" and not is_deleting(pod)
    return running and is_available(pod, _min_ready(stateful_set))
