"""The HorizontalPodAutoscaler controller of a cluster without metrics: it keeps the target's replicas between the limits."""

from __future__ import annotations

from collections.abc import Iterable

from kubernaut_sandbox.controllers.loop import Controller, Key
from kubernaut_sandbox.model.kinds import Kind
from kubernaut_sandbox.model.objects import Object, name_of, namespace_of, now, put_condition, spec_of, status_of
from kubernaut_sandbox.model.statuses import ApiError
from kubernaut_sandbox.model.store import Change
from kubernaut_sandbox.registry.scales import scale_of, with_scale
from kubernaut_sandbox.registry.strategies.autoscalers import SOURCES

_RESOURCE = "horizontalpodautoscalers.autoscaling"
_NO_METRICS = (
    "unable to fetch metrics from resource metrics API: the server could not find the requested resource "
    "(get pods.metrics.k8s.io)"
)
_NO_CUSTOM = "unable to fetch metrics from {} metrics API: no known available metric versions found"


class AutoscalerController(Controller):
    """Scales targets that are outside of their limits; within them it reports that there are no metrics."""

    name = "horizontal-pod-autoscaler"

    def keys(self, change: Change) -> Iterable[Key]:
        if change.resource == _RESOURCE and change.type != "DELETED" and change.old != change.new:
            before = change.old and (spec_of(change.old), change.old["metadata"]["uid"])
            if before != (spec_of(change.new), change.new["metadata"]["uid"]):
                yield namespace_of(change.new), name_of(change.new)

    def sync(self, key: Key) -> float | None:
        autoscaler = self.store.get(_RESOURCE, *key)
        if autoscaler is None:
            return None
        status = self._reconcile(autoscaler, status_of(autoscaler))
        self.put_status(_RESOURCE, autoscaler, status)
        return self.cluster.options.autoscaler_sync_seconds

    def _reconcile(self, autoscaler: Object, status: Object) -> Object:
        """Scale the target if it must be, and return the new status."""
        try:
            kind, target = self._target(autoscaler)
        except ApiError as error:
            self.events.warning(autoscaler, "FailedGetScale", error.message)
            message = f"the HPA controller was unable to get the target's current scale: {error.message}"
            return _with(status, "AbleToScale", "False", "FailedGetScale", message)
        message = "the HPA controller was able to get the target's current scale"
        status = _with(status, "AbleToScale", "True", "SucceededGetScale", message)
        scale, spec = scale_of(kind, target), spec_of(autoscaler)
        current = int(spec_of(scale).get("replicas", 0))
        if current == 0:
            message = "scaling is disabled since the replica count of the target is zero"
            status = _with(status, "ScalingActive", "False", "ScalingDisabled", message)
            return {**status, "currentReplicas": 0, "desiredReplicas": 0, "currentMetrics": None}
        if current > spec["maxReplicas"]:
            reason = "Current number of replicas above Spec.MaxReplicas"
            return self._rescale(autoscaler, status, kind, target, (current, spec["maxReplicas"], reason))
        if current < spec["minReplicas"]:
            reason = "Current number of replicas below Spec.MinReplicas"
            return self._rescale(autoscaler, status, kind, target, (current, spec["minReplicas"], reason))
        status = {**status, "currentReplicas": current, "currentMetrics": [{"type": ""} for _ in spec["metrics"]]}
        return self._without_metrics(autoscaler, status, selector=str(status_of(scale).get("selector", "")))

    def _target(self, autoscaler: Object) -> tuple[Kind, Object]:
        """Return the target, and its kind; raise ApiError when it does not exist or cannot be scaled."""
        reference = spec_of(autoscaler)["scaleTargetRef"]
        wanted = reference["apiVersion"].rpartition("/")[0], reference["kind"]
        kind = next((item for item in self.registry.kinds if (item.group, item.kind) == wanted), None)
        if kind is None:
            raise ApiError(404, "NotFound", f'no matches for kind "{wanted[1]}" in group "{wanted[0]}"')
        if "scale" not in kind.subresources:
            raise ApiError(404, "NotFound", "the server could not find the requested resource")
        return kind, self.registry.get(kind, namespace_of(autoscaler), reference["name"])

    def _rescale(
        self, autoscaler: Object, status: Object, kind: Kind, target: Object, change: tuple[int, int, str]
    ) -> Object:
        current, desired, reason = change
        try:
            self.registry.mutate(
                self.context,
                kind,
                namespace_of(target),
                name_of(target),
                lambda old: with_scale(kind, old, desired),
                "scale",
            )
        except ApiError as error:
            message = f"New size: {desired}; reason: {reason}; error: {error.message}"
            self.events.warning(autoscaler, "FailedRescale", message)
            detail = f"the HPA controller was unable to update the target scale: {error.message}"
            status = _with(status, "AbleToScale", "False", "FailedUpdateScale", detail)
            return {**status, "currentReplicas": current, "currentMetrics": None}
        self.events.normal(autoscaler, "SuccessfulRescale", f"New size: {desired}; reason: {reason}")
        message = f"the HPA controller was able to update the target scale to {desired}"
        status = _with(status, "AbleToScale", "True", "SucceededRescale", message)
        amounts = {"currentReplicas": current, "desiredReplicas": desired, "currentMetrics": None}
        return {**status, **amounts, "lastScaleTime": now()}

    def _without_metrics(self, autoscaler: Object, status: Object, selector: str) -> Object:
        """Return the status of an autoscaler that cannot compute a number of replicas."""
        if not selector:
            self.events.warning(autoscaler, "SelectorRequired", "selector is required")
            message = "the HPA target's scale is missing a selector"
            return _with(status, "ScalingActive", "False", "InvalidSelector", message)
        metrics = spec_of(autoscaler)["metrics"]
        reason, error = _metric_error(metrics[0])
        self.events.warning(autoscaler, reason, error)
        count = f"{len(metrics)} invalid out of {len(metrics)}"
        kind, name = metrics[0]["type"], (metrics[0][SOURCES[metrics[0]["type"]]].get("name") or "")
        first = f"failed to get {name} {'resource' if kind == 'Resource' else kind} metric value: {error}"
        message = f"invalid metrics ({count}), first error is: {first}"
        self.events.warning(autoscaler, "FailedComputeMetricsReplicas", message)
        message = f"the HPA was unable to compute the replica count: {error}"
        return _with(status, "ScalingActive", "False", reason, message)


def _metric_error(metric: Object) -> tuple[str, str]:
    """Return the reason and the message of what becomes of a metric where nothing serves metrics."""
    kind, source = metric["type"], metric[SOURCES[metric["type"]]]
    if kind in ("Resource", "ContainerResource"):
        what = "usage" if (source.get("target") or {}).get("averageValue") is not None else "utilization"
        name = source["name"]
        return (
            f"FailedGet{kind}Metric",
            f"failed to get {name} {what}: unable to get metrics for resource {name}: {_NO_METRICS}",
        )
    name = (source.get("metric") or {}).get("name", "")
    api = _NO_CUSTOM.format("external" if kind == "External" else "custom")
    return f"FailedGet{kind}Metric", f"unable to get metric {name}: {api}"


def _with(status: Object, kind: str, value: str, reason: str, message: str) -> Object:
    condition = {"type": kind, "status": value, "reason": reason, "message": message}
    return {**status, "conditions": put_condition(status.get("conditions") or (), condition)}
