"""Deployments and ReplicaSets, and what all workloads share: replicas, and a selector that matches the template."""

from __future__ import annotations

from kubernaut_sandbox.model.objects import Object, labels_of, spec_of
from kubernaut_sandbox.model.selectors import label_selector, matches_labels
from kubernaut_sandbox.model.statuses import Cause, invalid_value, required, unsupported_value
from kubernaut_sandbox.registry.strategies.base import Strategy, immutable, with_defaults
from kubernaut_sandbox.registry.strategies.pods import default_template, template_causes

_ROLLING = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}}


class WorkloadStrategy(Strategy):
    """The rules of every workload."""

    replicas: int | None = 1
    """The default for spec.replicas; None for a kind without that field."""

    def prepare(self, obj: Object) -> Object:
        spec = spec_of(obj) if self.replicas is None else with_defaults(spec_of(obj), replicas=self.replicas)
        return {**obj, "spec": {**spec, "template": default_template(spec.get("template") or {})}}

    def prepare_create(self, obj: Object) -> Object:
        return {**obj, "status": {}}

    def validate(self, obj: Object) -> list[Cause]:
        spec = spec_of(obj)
        causes = [
            invalid_value(f"spec.{field}", spec[field], "must be greater than or equal to 0")
            for field in ("replicas", "minReadySeconds", "revisionHistoryLimit")
            if (spec.get(field) or 0) < 0
        ]
        labels = labels_of(spec["template"])
        if not spec.get("selector"):
            causes.append(required("spec.selector"))
        if not spec.get("selector") or not matches_labels(label_selector(spec["selector"]), labels):
            causes.append(
                invalid_value(
                    "spec.template.metadata.labels", labels or None, "`selector` does not match template `labels`"
                )
            )
        restart = spec_of(spec["template"]).get("restartPolicy")
        if restart != "Always":
            causes.append(unsupported_value("spec.template.spec.restartPolicy", restart, ("Always",)))
        return causes + template_causes(spec["template"])

    def validate_update(self, new: Object, old: Object) -> list[Cause]:
        return immutable(spec_of(new), spec_of(old), "spec", ("selector",))


class ReplicaSetStrategy(WorkloadStrategy):
    """ReplicaSets add no defaults; their status starts at zero."""

    def prepare_create(self, obj: Object) -> Object:
        return {**obj, "status": {"replicas": 0}}


class DeploymentStrategy(WorkloadStrategy):
    """Deployments have a rollout strategy and a revision history."""

    def prepare(self, obj: Object) -> Object:
        obj = super().prepare(obj)
        spec = with_defaults(spec_of(obj), strategy=_ROLLING, revisionHistoryLimit=10, progressDeadlineSeconds=600)
        strategy = with_defaults(spec["strategy"], type="RollingUpdate")
        if strategy["type"] == "RollingUpdate":
            rolling = with_defaults(strategy.get("rollingUpdate") or {}, **_ROLLING["rollingUpdate"])  # type: ignore[arg-type]  # the values of _ROLLING differ in type
            strategy = {**strategy, "rollingUpdate": rolling}
        return {**obj, "spec": {**spec, "strategy": strategy}}

    def validate(self, obj: Object) -> list[Cause]:
        causes = super().validate(obj)
        if spec_of(obj)["strategy"]["type"] not in ("Recreate", "RollingUpdate"):
            causes.append(
                unsupported_value("spec.strategy.type", spec_of(obj)["strategy"]["type"], ("Recreate", "RollingUpdate"))
            )
        return causes
