"""The Deployment controller: one ReplicaSet for each template, and the rollout from the old ones to the new one."""

from __future__ import annotations

import hashlib
from itertools import count

from kubernaut_sandbox.access.request_context import DeleteOptions
from kubernaut_sandbox.controllers.deployment_revisions import (
    HASH_LABEL,
    REVISION,
    annotations_of,
    current_annotations,
    revision_of,
    same_template,
    size_annotations,
)
from kubernaut_sandbox.controllers.rollouts import Rollout, deployment_status, is_complete, surge_and_unavailable
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

_LETTERS = "bcdfghjklmnpqrstvwxz2456789"


class DeploymentController(WorkloadController):
    """Creates the ReplicaSet of the present template, scales it up and the old ones down, and reports the progress."""

    name = "deployment-controller"
    kind = "Deployment"
    resource = "deployments.apps"
    dependents = "replicasets.apps"

    def sync_workload(self, deployment: Object) -> float | None:
        replica_sets = self._replica_sets(deployment)
        oldest_first = sorted(replica_sets, key=lambda rs: str(meta(rs)["creationTimestamp"]))
        current = next((rs for rs in oldest_first if same_template(deployment, rs)), None)
        old = [rs for rs in replica_sets if rs is not current]
        if current is not None:
            current = self._update_current(deployment, current, old)
        elif not spec_of(deployment).get("paused"):
            current = self._create_replica_set(deployment, old)
        if current is not None:
            deployment = self._annotate_revision(deployment, str(revision_of(current)))
        if spec_of(deployment).get("paused"):
            self._scale_paused(deployment, current, old)
        elif current is not None:
            current = self._roll_out(deployment, current, old)
        return self._update_status(deployment, current)

    def _replica_sets(self, deployment: Object) -> list[Object]:
        return [rs for rs in self.owned(deployment) if not is_deleting(rs)]

    def _create_replica_set(self, deployment: Object, old: list[Object]) -> Object:
        template = spec_of(deployment)["template"]
        digest = self._unused_hash(deployment)
        labels = {**labels_of(template), HASH_LABEL: digest}
        selector = {**spec_of(deployment)["selector"]}
        selector["matchLabels"] = {**(selector.get("matchLabels") or {}), HASH_LABEL: digest}
        annotations = {**current_annotations(deployment, {}, old), **size_annotations(deployment)}
        body = {
            "metadata": {
                "name": f"{name_of(deployment)}-{digest}",
                "labels": labels,
                "annotations": annotations,
                "ownerReferences": [owner_reference(deployment)],
            },
            "spec": {
                "replicas": 0,
                "selector": selector,
                "template": {**template, "metadata": {**meta(template), "labels": labels}},
                "minReadySeconds": spec_of(deployment).get("minReadySeconds"),
            },
        }
        return self.registry.create(
            self.context, self.registry.kinds.by_resource(self.dependents), namespace_of(deployment), body
        )

    def _unused_hash(self, deployment: Object) -> str:
        """Return a hash of the template that no ReplicaSet has: an earlier Deployment of the same name may have left its own."""
        template = spec_of(deployment)["template"]
        for collisions in count():
            digest = template_hash({**template, "collisions": collisions} if collisions else template)
            if not self.store.get(self.dependents, namespace_of(deployment), f"{name_of(deployment)}-{digest}"):
                return digest
        raise AssertionError

    def _update_current(self, deployment: Object, current: Object, old: list[Object]) -> Object:
        """Give the ReplicaSet of the present template the highest revision, and what it copies from the Deployment."""
        annotations = current_annotations(deployment, current, old)
        ready, field = spec_of(deployment).get("minReadySeconds") or 0, "minReadySeconds"
        if annotations == annotations_of(current) and ready == (spec_of(current).get(field) or 0):
            return current
        changed = with_meta(current, annotations=annotations)
        return self._replace(self.dependents, {**changed, "spec": {**spec_of(changed), field: ready}})

    def _annotate_revision(self, deployment: Object, revision: str) -> Object:
        if annotations_of(deployment).get(REVISION) == revision:
            return deployment
        annotations = {**annotations_of(deployment), REVISION: revision}
        return self._replace(self.resource, with_meta(deployment, annotations=annotations))

    def _replace(self, resource: str, obj: Object) -> Object:
        kind = self.registry.kinds.by_resource(resource)
        return self.registry.update(self.context, kind, namespace_of(obj), name_of(obj), obj)

    def _roll_out(self, deployment: Object, current: Object, old: list[Object]) -> Object:
        """Scale the new ReplicaSet up as far as maxSurge allows, and the old ones down as far as maxUnavailable allows."""
        surge, unavailable = surge_and_unavailable(deployment)
        rollout = Rollout(spec_of(deployment)["replicas"], surge, unavailable, current, tuple(old))
        recreate = spec_of(deployment)["strategy"]["type"] == "Recreate"
        old_pods = any(status_of(rs).get("replicas") for rs in old)
        for rs, replicas in rollout.old_targets(recreate=recreate):
            self._scale(deployment, rs, replicas)
        if recreate and old_pods:
            return current
        return self._scale(deployment, current, rollout.new_target(recreate=recreate))

    def _scale_paused(self, deployment: Object, current: Object | None, old: list[Object]) -> None:
        """Scale the one ReplicaSet that has replicas; a rollout that has begun stays as it is."""
        newest_first = [*([current] if current else []), *sorted(old, key=revision_of, reverse=True)]
        active = [rs for rs in newest_first if spec_of(rs)["replicas"]]
        if len(active) <= 1 and newest_first:
            self._scale(deployment, (active or newest_first)[0], spec_of(deployment)["replicas"])

    def _scale(self, deployment: Object, rs: Object, replicas: int) -> Object:
        before = spec_of(rs)["replicas"]
        if before == replicas:
            return rs
        direction = "up" if replicas > before else "down"
        self.events.normal(
            deployment, "ScalingReplicaSet", f"Scaled {direction} replica set {name_of(rs)} from {before} to {replicas}"
        )
        present = self.registry.get(self.registry.kinds.by_resource(self.dependents), namespace_of(rs), name_of(rs))
        annotations = {**annotations_of(present), **size_annotations(deployment)}
        changed = with_meta(present, annotations=annotations)
        return self._replace(self.dependents, {**changed, "spec": {**spec_of(changed), "replicas": replicas}})

    def _delete_old_revisions(self, deployment: Object, current: Object) -> None:
        """Delete the ReplicaSets beyond the history limit, the oldest revisions first, except those that still have pods."""
        old = [rs for rs in self._replica_sets(deployment) if uid_of(rs) != uid_of(current)]
        surplus = max(len(old) - spec_of(deployment)["revisionHistoryLimit"], 0)
        for rs in sorted(old, key=revision_of)[:surplus]:
            observed = status_of(rs).get("observedGeneration", 0) >= meta(rs)["generation"]
            if observed and not spec_of(rs)["replicas"] and not status_of(rs).get("replicas"):
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
        deployment = self.put_status(self.resource, deployment, status)
        if current is not None and (spec_of(deployment).get("paused") or is_complete(deployment)):
            self._delete_old_revisions(deployment, current)
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
