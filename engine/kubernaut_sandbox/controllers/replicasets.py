"""The ReplicaSet controller: as many pods of a template as the spec says."""

from __future__ import annotations

from collections.abc import Iterable

from kubernaut_sandbox.cluster import Cluster
from kubernaut_sandbox.controllers.loop import Controller, Key
from kubernaut_sandbox.controllers.pods import PodControl, is_active, is_ready
from kubernaut_sandbox.model.objects import (
    Object,
    condition_of,
    controller_of,
    is_deleting,
    meta,
    name_of,
    namespace_of,
    put_condition,
    spec_of,
)
from kubernaut_sandbox.model.statuses import ApiError
from kubernaut_sandbox.model.store import Change


class ReplicaSetController(Controller):
    """One sync per ReplicaSet."""

    name = "replicaset-controller"

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self._pods = PodControl(self.registry, cluster.deleter, self.call, self.events)

    def keys(self, change: Change) -> Iterable[Key]:
        if change.resource == "replicasets.apps":
            yield namespace_of(change.new), name_of(change.new)
        elif change.resource == "pods":
            owner = controller_of(change.new)
            if owner and owner["kind"] == "ReplicaSet":
                yield namespace_of(change.new), owner["name"]

    def sync(self, key: Key) -> float | None:
        found = self.store.get("replicasets.apps", *key)
        if found is None or is_deleting(found):
            return None
        active = [pod for pod in self._pods.owned(found) if is_active(pod)]
        missing = spec_of(found)["replicas"] - len(active)
        try:
            active.extend(self._pods.create(found, spec_of(found)["template"]) for _ in range(missing))
        except ApiError as error:
            self._write(found, active, error.message)
            raise
        for pod in sorted(active, key=_worth)[: max(-missing, 0)]:
            self._pods.delete(found, pod)
            active.remove(pod)
        self._write(found, active)
        return None

    def _write(self, found: Object, active: list[Object], refusal: str = "") -> None:
        """The ReplicaSet's status; a pod that could not be created is told as ReplicaFailure until one can."""
        told = condition_of(found, "ReplicaFailure")  # its first message stays: each later one names another pod
        failure = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": refusal}
        conditions = [told or put_condition((), failure)[0]] if refusal else []
        ready = sum(is_ready(pod) for pod in active)
        status = {
            "replicas": len(active),
            "fullyLabeledReplicas": len(active),
            "readyReplicas": ready,
            "availableReplicas": ready,
            "observedGeneration": meta(found)["generation"],
            "conditions": conditions,
        }
        kept = {key: value for key, value in status.items() if value or key in ("replicas", "observedGeneration")}
        self.put_status("replicasets.apps", found, kept)


def _worth(pod: Object) -> tuple[bool, str]:
    """What is least missed comes first: unready pods, then the youngest."""
    newest_first = "".join(chr(255 - ord(letter)) for letter in str(meta(pod)["creationTimestamp"]))
    return is_ready(pod), newest_first
