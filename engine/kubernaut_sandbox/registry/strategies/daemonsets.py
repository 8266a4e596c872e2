"""DaemonSets, and the ControllerRevisions that keep their earlier templates and those of StatefulSets."""

from __future__ import annotations

from kubernaut_sandbox.model.objects import Object, meta, spec_of, with_meta
from kubernaut_sandbox.model.statuses import Cause, invalid_value, required, unsupported_value
from kubernaut_sandbox.registry.strategies.amounts import amount_causes
from kubernaut_sandbox.registry.strategies.base import Strategy, with_defaults
from kubernaut_sandbox.registry.strategies.workloads import WorkloadStrategy

TEMPLATE_GENERATION = "deprecated.daemonset.template.generation"
"""Where version v1 keeps what was a field of the first versions."""
_ROLLING = "spec.updateStrategy.rollingUpdate"


class DaemonSetStrategy(WorkloadStrategy):
    """DaemonSets have no replicas; an update makes pods unavailable, or adds some, but not both."""

    replicas = None

    def prepare(self, obj: Object) -> Object:
        obj = super().prepare(obj)
        update = with_defaults(spec_of(obj).get("updateStrategy") or {}, type="RollingUpdate")
        if update["type"] == "RollingUpdate":
            rolling = with_defaults(update.get("rollingUpdate") or {}, maxUnavailable=1, maxSurge=0)
            update = {**update, "rollingUpdate": rolling}
        spec = {**spec_of(obj), "updateStrategy": update}
        return {**obj, "spec": with_defaults(spec, revisionHistoryLimit=10)}

    def prepare_create(self, obj: Object) -> Object:
        amounts = ("currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady")
        return _with_template_generation({**obj, "status": dict.fromkeys(amounts, 0)}, max(1, template_generation(obj)))

    def prepare_update(self, new: Object, old: Object) -> Object:
        """The template generation counts changes of the template, whatever a client says (daemonset/strategy.go)."""
        has_changed = spec_of(new)["template"] != spec_of(old)["template"]
        return _with_template_generation(new, template_generation(old) + has_changed)

    def validate(self, obj: Object) -> list[Cause]:
        causes, update = super().validate(obj), spec_of(obj)["updateStrategy"]
        if update["type"] not in ("RollingUpdate", "OnDelete"):
            return [*causes, unsupported_value("spec.updateStrategy", update, ("RollingUpdate", "OnDelete"))]
        if update["type"] == "OnDelete":
            return causes
        unavailable, surge = (update["rollingUpdate"][field] for field in ("maxUnavailable", "maxSurge"))
        causes += amount_causes(f"{_ROLLING}.maxUnavailable", unavailable)
        causes += amount_causes(f"{_ROLLING}.maxSurge", surge)
        if not _is_zero(unavailable) and not _is_zero(surge):
            causes.append(
                invalid_value(f"{_ROLLING}.maxSurge", surge, "may not be set when maxUnavailable is non-zero")
            )
        if _is_zero(unavailable) and _is_zero(surge):
            causes.append(required(f"{_ROLLING}.maxUnavailable", "cannot be 0 when maxSurge is 0"))
        return causes


def template_generation(daemon_set: Object) -> int:
    """Return how often the template was written; 0 where that is not known."""
    text = (meta(daemon_set).get("annotations") or {}).get(TEMPLATE_GENERATION, "")
    return int(text) if text.isdecimal() else 0


def _with_template_generation(daemon_set: Object, generation: int) -> Object:
    annotations = {**(meta(daemon_set).get("annotations") or {}), TEMPLATE_GENERATION: str(generation)}
    return with_meta(daemon_set, annotations=annotations)


class ControllerRevisionStrategy(Strategy):
    """ControllerRevisions keep their data."""

    def prepare(self, obj: Object) -> Object:
        return with_defaults(obj, revision=0)

    def validate(self, obj: Object) -> list[Cause]:
        causes = []
        if obj["revision"] < 0:
            causes.append(invalid_value("revision", obj["revision"], "must be greater than or equal to 0"))
        if not isinstance(obj.get("data"), dict):
            detail = "data is mandatory" if obj.get("data") is None else "data must be a valid JSON object"
            causes.append(required("data", detail))
        return causes

    def validate_update(self, new: Object, old: Object) -> list[Cause]:
        same = new.get("data") == old.get("data")
        return [] if same else [invalid_value("data", new.get("data"), "field is immutable")]


def _is_zero(amount: int | str) -> bool:
    return amount in (0, "0%")
