"""The Deployment controller: one ReplicaSet for each template, and the rollout from the old ones to the new one."""

from __future__ import annotations

import hashlib

from kubernaut_sandbox.access.request_context import DeleteOptions
from kubernaut_sandbox.controllers.rollouts import Rollout, deployment_status, surge_and_unavailable
from kubernaut_sandbox.controllers.workloads import WorkloadController
from kubernaut_sandbox.model.objects import (
    Object,
    condition_of,
    encode,
    is_deleting,
    labels_of,
    meta,
    name_of,
    namespace_of,
    owner_reference,
    seconds_since,
    spec_of,
    status_of,
    uid_of,
    with_meta,
)
from kubernaut_sandbox.model.statuses import ApiError

HASH_LABEL = "pod-template-hash"
_REVISION = "deployment.kubernetes.io/revision"
_LETTERS = "bcdfghjklmnpqrstvwxz2456789"


class DeploymentController(WorkloadController):
    """Creates the ReplicaSet of the present template, scales it up and the old ones down, and reports the progress."""

    name = "deployment-controller"
    kind = "Deployment"
    resource = "deployments.apps"
    dependents = "replicasets.apps"

    def sync_workload(self, deployment: Object) -> float | None:
        replica_sets = self._replica_sets(deployment)
        current = next(
            (rs for rs in replica_sets if _template_without_hash(rs) == spec_of(deployment)["template"]), None
        )
        old = [rs for rs in replica_sets if rs is not current]
        if current is None and not spec_of(deployment).get("paused"):
            current = self._create_replica_set(deployment, replica_sets)
        deployment = self._mark_revision(deployment, current)
        if current is not None:
            current = self._roll_out(deployment, current, old)
            self._delete_old_revisions(
                deployment, [rs for rs in self._replica_sets(deployment) if uid_of(rs) != uid_of(current)]
            )
        return self._update_status(deployment, current)

    def _replica_sets(self, deployment: Object) -> list[Object]:
        return [rs for rs in self.owned(deployment) if not is_deleting(rs)]

    def _create_replica_set(self, deployment: Object, existing: list[Object]) -> Object:
        template = spec_of(deployment)["template"]
        digest = template_hash(template)
        labels = {**labels_of(template), HASH_LABEL: digest}
        selector = {**spec_of(deployment)["selector"]}
        selector["matchLabels"] = {**(selector.get("matchLabels") or {}), HASH_LABEL: digest}
        revision = max((_revision(rs) for rs in existing), default=0) + 1
        body = {
            "metadata": {
                "name": f"{name_of(deployment)}-{digest}",
                "labels": labels,
                "annotations": {_REVISION: str(revision)},
                "ownerReferences": [owner_reference(deployment)],
            },
            "spec": {
                "replicas": 0,
                "selector": selector,
                "template": {**template, "metadata": {**meta(template), "labels": labels}},
            },
        }
        return self.registry.create(
            self.context, self.registry.kinds.by_resource(self.dependents), namespace_of(deployment), body
        )

    def _mark_revision(self, deployment: Object, current: Object | None) -> Object:
        """Give a ReplicaSet that becomes current again the next revision, and write the current revision to the Deployment."""
        if current is None:
            return deployment
        latest = max(_revision(rs) for rs in self._replica_sets(deployment))
        if _revision(current) < latest:
            current = self._annotate(self.dependents, current, str(latest + 1))
        revision = (meta(current).get("annotations") or {}).get(_REVISION, "1")
        if (meta(deployment).get("annotations") or {}).get(_REVISION) != revision:
            deployment = self._annotate(self.resource, deployment, revision)
        return deployment

    def _annotate(self, resource: str, obj: Object, revision: str) -> Object:
        def mark(old: Object) -> Object:
            return with_meta(old, annotations={**(meta(old).get("annotations") or {}), _REVISION: revision})

        return self.registry.mutate(
            self.context, self.registry.kinds.by_resource(resource), namespace_of(obj), name_of(obj), mark
        )

    def _roll_out(self, deployment: Object, current: Object, old: list[Object]) -> Object:
        """Scale the new ReplicaSet up as far as maxSurge allows, and the old ones down as far as maxUnavailable allows."""
        if spec_of(deployment).get("paused") and spec_of(current)["replicas"] == 0 and old:
            return current
        surge, unavailable = surge_and_unavailable(deployment)
        rollout = Rollout(spec_of(deployment)["replicas"], surge, unavailable, current, tuple(old))
        recreate = spec_of(deployment)["strategy"]["type"] == "Recreate"
        old_pods = any(status_of(rs).get("replicas") for rs in old)
        for rs, replicas in rollout.old_targets(recreate=recreate):
            self._scale(deployment, rs, replicas)
        if recreate and old_pods:
            return current
        return self._scale(deployment, current, rollout.new_target(recreate=recreate))

    def _scale(self, deployment: Object, rs: Object, replicas: int) -> Object:
        before = spec_of(rs)["replicas"]
        if before == replicas:
            return rs
        direction = "up" if replicas > before else "down"
        self.events.normal(
            deployment, "ScalingReplicaSet", f"Scaled {direction} replica set {name_of(rs)} from {before} to {replicas}"
        )
        kind = self.registry.kinds.by_resource(self.dependents)
        changed = self.registry.get(kind, namespace_of(rs), name_of(rs))
        changed = {**changed, "spec": {**spec_of(changed), "replicas": replicas}}
        return self.registry.update(self.context, kind, namespace_of(rs), name_of(rs), changed)

    def _delete_old_revisions(self, deployment: Object, old: list[Object]) -> None:
        idle = sorted(
            (rs for rs in old if not spec_of(rs)["replicas"] and not status_of(rs).get("replicas")), key=_revision
        )
        for rs in idle[: max(len(idle) - spec_of(deployment)["revisionHistoryLimit"], 0)]:
            kind = self.registry.kinds.by_resource(self.dependents)
            self.cluster.deleter.delete(self.context, kind, namespace_of(rs), name_of(rs), DeleteOptions())

    def _update_status(self, deployment: Object, current: Object | None) -> float | None:
        try:
            deployment = self.registry.get(
                self.registry.kinds.by_resource(self.resource), namespace_of(deployment), name_of(deployment)
            )
        except ApiError:
            return None
        status = deployment_status(deployment, current, self._replica_sets(deployment))
        self.put_status(self.resource, deployment, status)
        progressing = condition_of({"status": status}, "Progressing")
        if progressing and progressing["reason"] in ("NewReplicaSetCreated", "ReplicaSetUpdated", "FoundNewReplicaSet"):
            remaining: float = spec_of(deployment)["progressDeadlineSeconds"] - seconds_since(
                progressing["lastUpdateTime"]
            )
            return max(remaining, 0.0) + 0.01
        return None


def template_hash(template: Object) -> str:
    """Return a short hash of a template; equal templates have equal hashes."""
    number = int.from_bytes(hashlib.sha256(encode(template)).digest()[:8], "big")
    letters = []
    for _ in range(10):
        number, index = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[index])
    return "".join(letters)


def _template_without_hash(rs: Object) -> Object:
    """Return the template of a ReplicaSet as the Deployment has it, without the label with the hash."""
    template = spec_of(rs)["template"]
    labels = {key: value for key, value in labels_of(template).items() if key != HASH_LABEL}
    return {**template, "metadata": {**meta(template), "labels": labels}}


def _revision(rs: Object) -> int:
    return int((meta(rs).get("annotations") or {}).get(_REVISION, 0))
