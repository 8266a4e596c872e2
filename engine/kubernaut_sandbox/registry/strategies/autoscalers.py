"""HorizontalPodAutoscalers: defaults and validation of the target, the limits and the metrics. `behavior` is stored unchecked."""

from __future__ import annotations

from kubernaut_cel.quantities import parse_quantity
from kubernaut_sandbox.model.objects import Object, spec_of
from kubernaut_sandbox.model.statuses import Cause, invalid_value, required, unsupported_value
from kubernaut_sandbox.registry.strategies.base import Strategy, with_defaults

_CPU = {
    "type": "Resource",
    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}},
}
SOURCES = {
    "ContainerResource": "containerResource",
    "External": "external",
    "Object": "object",
    "Pods": "pods",
    "Resource": "resource",
}
"""The field of a metric by its type."""
_TARGET_TYPES = ("Utilization", "Value", "AverageValue")


class AutoscalerStrategy(Strategy):
    """Defaults and validates HorizontalPodAutoscalers."""

    def prepare(self, obj: Object) -> Object:
        spec = with_defaults(spec_of(obj), minReplicas=1, scaleTargetRef={}, maxReplicas=0)
        return {**obj, "spec": {**spec, "metrics": spec.get("metrics") or [_CPU]}}

    def prepare_create(self, obj: Object) -> Object:
        return {**obj, "status": {"desiredReplicas": 0, "currentMetrics": None}}

    def validate(self, obj: Object) -> list[Cause]:
        spec = spec_of(obj)
        least, most = spec["minReplicas"], spec["maxReplicas"]
        causes = []
        if least < 1:
            causes.append(invalid_value("spec.minReplicas", least, "must be greater than or equal to 1"))
        if most == 0:
            causes.append(required("spec.maxReplicas", "must be set and greater than 0"))
        elif most < 0:
            causes.append(invalid_value("spec.maxReplicas", most, "must be greater than or equal to 1"))
        if most < least:
            causes.append(invalid_value("spec.maxReplicas", most, "must be greater than or equal to `minReplicas`"))
        causes += _target_causes(spec["scaleTargetRef"])
        for index, metric in enumerate(spec["metrics"]):
            causes += _metric_causes(metric, f"spec.metrics[{index}]")
        return causes


def _target_causes(reference: Object) -> list[Cause]:
    at = "spec.scaleTargetRef"
    causes = [required(f"{at}.{field}") for field in ("kind", "name") if not reference.get(field)]
    version = reference.get("apiVersion") or ""
    if version.count("/") > 1:
        detail = f"unexpected GroupVersion string: {version}"
        causes.append(invalid_value(f"{at}.apiVersion", version, detail))
    elif "/" not in version:
        causes.append(invalid_value(f"{at}.apiVersion", version, "apiVersion must specify API group"))
    return causes


def _metric_causes(metric: Object, at: str) -> list[Cause]:
    kind = metric.get("type") or ""
    if kind not in SOURCES:
        causes = [] if kind else [required(f"{at}.type", "must specify a metric source type")]
        return [*causes, *[unsupported_value(f"{at}.type", kind, tuple(SOURCES))] * 2]
    field = SOURCES[kind]
    if metric.get(field) is None:
        return [required(f"{at}.{field}", "must populate information for the given metric source")]
    others = [name for name in SOURCES.values() if name != field and metric.get(name) is not None]
    forbidden = "Forbidden: must populate the given metric source only"
    causes = [Cause(f"{at}.{name}", forbidden, "FieldValueForbidden") for name in others]
    return causes + _goal_causes(metric[field], f"{at}.{field}", is_resource=field in ("resource", "containerResource"))


def _goal_causes(source: Object, at: str, *, is_resource: bool) -> list[Cause]:
    target, causes = source.get("target") or {}, []
    if is_resource and not source.get("name"):
        causes.append(required(f"{at}.name", "must specify a resource name"))
    if not target.get("type"):
        causes.append(required(f"{at}.target.type", "must specify a metric target type"))
    if target.get("type") not in _TARGET_TYPES:
        detail = "must be either Utilization, Value, or AverageValue"
        causes.append(invalid_value(f"{at}.target.type", target.get("type") or "", detail))
    causes += [
        invalid_value(f"{at}.target.{field}", target[field], "must be positive")
        for field in ("value", "averageValue")
        if target.get(field) is not None and not _is_positive(target[field])
    ]
    share, amount = target.get("averageUtilization"), target.get("averageValue")
    if share is not None and share < 1:
        causes.append(invalid_value(f"{at}.target.averageUtilization", share, "must be greater than 0"))
    if is_resource and share is None and amount is None:
        detail = "must set either a target raw value or a target utilization"
        causes.append(required(f"{at}.target.averageUtilization", detail))
    if is_resource and share is not None and amount is not None:
        detail = "Forbidden: may not set both a target raw value and a target utilization"
        causes.append(Cause(f"{at}.target.averageValue", detail, "FieldValueForbidden"))
    return causes


def _is_positive(amount: str) -> bool:
    try:
        return parse_quantity(amount) > 0
    except ValueError:
        return False
