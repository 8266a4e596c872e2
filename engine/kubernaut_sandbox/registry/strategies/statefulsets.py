"""StatefulSets: ordered pods, and how they are updated."""

from __future__ import annotations

from kubernaut_sandbox.model.objects import Object, spec_of
from kubernaut_sandbox.model.statuses import Cause, invalid_value, not_implemented
from kubernaut_sandbox.registry.strategies.base import immutable, with_defaults
from kubernaut_sandbox.registry.strategies.workloads import WorkloadStrategy

_FORBIDDEN_UPDATE = (
    "Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
    "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
)


class StatefulSetStrategy(WorkloadStrategy):
    """StatefulSets have ordered pods; volume claims are not implemented."""

    def prepare(self, obj: Object) -> Object:
        obj = super().prepare(obj)
        update = spec_of(obj).get("updateStrategy") or {}
        if not update.get("type"):
            update = with_defaults({**update, "type": "RollingUpdate"}, rollingUpdate={})
        if update["type"] == "RollingUpdate" and update.get("rollingUpdate") is not None:
            # Kubernetes drops maxUnavailable, too, unless a feature gate is set.
            rolling = {key: value for key, value in update["rollingUpdate"].items() if key != "maxUnavailable"}
            update = {**update, "rollingUpdate": with_defaults(rolling, partition=0)}
        retention = spec_of(obj).get("persistentVolumeClaimRetentionPolicy") or {}
        spec = {
            **spec_of(obj),
            "updateStrategy": update,
            "persistentVolumeClaimRetentionPolicy": with_defaults(retention, whenDeleted="Retain", whenScaled="Retain"),
        }
        return {**obj, "spec": with_defaults(spec, podManagementPolicy="OrderedReady", revisionHistoryLimit=10)}

    def prepare_create(self, obj: Object) -> Object:
        return {**obj, "status": {"replicas": 0, "availableReplicas": 0}}

    def validate(self, obj: Object) -> list[Cause]:
        spec = spec_of(obj)
        if spec.get("volumeClaimTemplates"):
            raise not_implemented("volumeClaimTemplates of a StatefulSet")
        rolling = spec["updateStrategy"].get("rollingUpdate") or {}
        policy, update = spec["podManagementPolicy"], spec["updateStrategy"]
        causes = []
        if policy not in ("OrderedReady", "Parallel"):
            causes.append(invalid_value("spec.podManagementPolicy", policy, "must be 'OrderedReady' or 'Parallel'"))
        if update["type"] not in ("RollingUpdate", "OnDelete"):
            causes.append(invalid_value("spec.updateStrategy", update, "must be 'RollingUpdate' or 'OnDelete'"))
        if update["type"] == "OnDelete" and update.get("rollingUpdate") is not None:
            detail = "only allowed for updateStrategy 'RollingUpdate'"
            causes.append(invalid_value("spec.updateStrategy.rollingUpdate", update["rollingUpdate"], detail))
        partition = rolling.get("partition") or 0
        if partition < 0:
            field = "spec.updateStrategy.rollingUpdate.partition"
            causes.append(invalid_value(field, partition, "must be greater than or equal to 0"))
        return causes + super().validate(obj)

    def validate_update(self, new: Object, old: Object) -> list[Cause]:
        changed = immutable(
            spec_of(new),
            spec_of(old),
            "spec",
            ("selector", "serviceName", "podManagementPolicy", "volumeClaimTemplates"),
        )
        return [Cause("spec", _FORBIDDEN_UPDATE, "FieldValueForbidden")] if changed else []
