"""The ReplicaSet controller: keeps as many pods of a template as the spec requests."""

from __future__ import annotations

from kubernaut_sandbox.controllers.pods import is_active, is_available, is_ready, next_available
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
    """Creates the missing pods, or deletes surplus ones, and counts them in the status."""

    name = "replicaset-controller"
    kind = "ReplicaSet"
    resource = "replicasets.apps"

    def sync_workload(self, replica_set: Object) -> float | None:
        active = [pod for pod in self.owned(replica_set) if is_active(pod)]
        missing = spec_of(replica_set)["replicas"] - len(active)
        try:
            active.extend(self.pods.create(replica_set, spec_of(replica_set)["template"]) for _ in range(missing))
        except ApiError as error:
            self._update_status(replica_set, active, error.message)
            raise
        for pod in sorted(active, key=_deletion_order)[: max(-missing, 0)]:
            self.pods.delete(replica_set, pod)
            active.remove(pod)
        self._update_status(replica_set, active)
        return next_available(active, spec_of(replica_set).get("minReadySeconds") or 0)

    def _update_status(self, replica_set: Object, active: list[Object], error: str = "") -> None:
        """Write the status. While no pod can be created, it has a ReplicaFailure; its first message stays, as each later one
        names another pod.
        """
        reported = condition_of(replica_set, "ReplicaFailure")
        failure = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": error}
        conditions = [reported or put_condition((), failure)[0]] if error else []
        ready = sum(is_ready(pod) for pod in active)
        available = sum(is_available(pod, spec_of(replica_set).get("minReadySeconds") or 0) for pod in active)
        status = {
            "replicas": len(active),
            "fullyLabeledReplicas": len(active),
            "readyReplicas": ready,
            "availableReplicas": available,
            "observedGeneration": meta(replica_set)["generation"],
            "conditions": conditions,
        }
        present = {key: value for key, value in status.items() if value or key in ("replicas", "observedGeneration")}
        self.put_status(self.resource, replica_set, present)


def _deletion_order(pod: Object) -> tuple[bool, str]:
    """Sort pods by which to delete first: unready ones, then the newest."""
    newest_first = "".join(chr(255 - ord(letter)) for letter in str(meta(pod)["creationTimestamp"]))
    return is_ready(pod), newest_first
