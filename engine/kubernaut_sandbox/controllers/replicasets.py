"""The ReplicaSet controller: as many pods of a template as the spec says."""

from __future__ import annotations

from kubernaut_sandbox.controllers.pods import is_active, is_ready
from kubernaut_sandbox.controllers.workloads import WorkloadController
from kubernaut_sandbox.model.objects import (
    Object,
    condition_of,
    meta,
    put_condition,
    spec_of,
)
from kubernaut_sandbox.model.statuses import ApiError


class ReplicaSetController(WorkloadController):
    """One sync per ReplicaSet."""

    name = "replicaset-controller"
    kind = "ReplicaSet"
    resource = "replicasets.apps"

    def sync_workload(self, found: Object) -> float | None:
        active = [pod for pod in self.owned(found) if is_active(pod)]
        missing = spec_of(found)["replicas"] - len(active)
        try:
            active.extend(self.pods.create(found, spec_of(found)["template"]) for _ in range(missing))
        except ApiError as error:
            self._write(found, active, error.message)
            raise
        for pod in sorted(active, key=_worth)[: max(-missing, 0)]:
            self.pods.delete(found, pod)
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
        self.put_status(self.resource, found, kept)


def _worth(pod: Object) -> tuple[bool, str]:
    """What is least missed comes first: unready pods, then the youngest."""
    newest_first = "".join(chr(255 - ord(letter)) for letter in str(meta(pod)["creationTimestamp"]))
    return is_ready(pod), newest_first
