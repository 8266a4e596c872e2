"""The disruption controller: how many of the pods that a PodDisruptionBudget selects are healthy, must be, and may go."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from kubernaut_sandbox.controllers.loop import Controller, Key
from kubernaut_sandbox.controllers.pods import is_ready
from kubernaut_sandbox.model.amounts import scaled
from kubernaut_sandbox.model.kinds import Kind
from kubernaut_sandbox.model.objects import (
    Object,
    controller_of,
    is_deleting,
    meta,
    name_of,
    namespace_of,
    put_condition,
    seconds_since,
    spec_of,
    status_of,
)
from kubernaut_sandbox.model.store import Change
from kubernaut_sandbox.registry.disruption_budgets import SYNC_FAILED, selects, with_allowed_condition
from kubernaut_sandbox.registry.scales import scale_of

_RESOURCE = "poddisruptionbudgets.policy"
_DELETION_TIMEOUT = timedelta(minutes=2).total_seconds()
"""How long an evicted pod that is not being deleted counts as disrupted."""
_UNMANAGED = (
    "were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined "
    'behavior. To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.'
)


class _ScaleError(Exception):
    """The number of pods that a controller wants cannot be found out."""


class DisruptionController(Controller):
    """Keeps the status of PodDisruptionBudgets, on which evictions decide."""

    name = "controllermanager"

    def keys(self, change: Change) -> Iterable[Key]:
        if change.resource == _RESOURCE and change.type != "DELETED":
            yield namespace_of(change.new), name_of(change.new)
        elif change.resource == "pods":
            for budget in self.store.list(_RESOURCE, namespace_of(change.new)):
                if any(selects(budget, pod) for pod in (change.old, change.new) if pod):
                    yield namespace_of(budget), name_of(budget)

    def sync(self, key: Key) -> float | None:
        budget = self.store.get(_RESOURCE, *key)
        if budget is None:
            return None
        pods = [pod for pod in self.store.list("pods", key[0]) if selects(budget, pod)]
        if not pods:
            self.events.normal(budget, "NoPods", "No matching pods found")
        try:
            expected, desired = self._expected_and_desired(budget, pods)
        except _ScaleError as error:
            self._report_failure(budget, str(error))
            return None
        disrupted = _disrupted(budget, pods)
        healthy = sum(is_ready(pod) and not is_deleting(pod) and name_of(pod) not in disrupted for pod in pods)
        status = {
            "currentHealthy": healthy,
            "desiredHealthy": desired,
            "expectedPods": expected,
            "disruptionsAllowed": max(healthy - desired, 0) if expected > 0 else 0,
            "observedGeneration": meta(budget)["generation"],
            "conditions": status_of(budget).get("conditions") or [],
            **({"disruptedPods": disrupted} if disrupted else {}),
        }
        self.put_status(_RESOURCE, budget, with_allowed_condition(status))
        return _DELETION_TIMEOUT if disrupted else None

    def _expected_and_desired(self, budget: Object, pods: list[Object]) -> tuple[int, int]:
        """Return how many pods there should be, and how many of them must be healthy; raise _ScaleError."""
        spec = spec_of(budget)
        if spec.get("maxUnavailable") is not None:
            expected = self._expected(budget, pods)
            return expected, max(expected - scaled(spec["maxUnavailable"], expected, round_up=True), 0)
        if isinstance(spec.get("minAvailable"), str):
            expected = self._expected(budget, pods)
            return expected, scaled(spec["minAvailable"], expected, round_up=True)
        return (len(pods), spec["minAvailable"]) if spec.get("minAvailable") is not None else (0, 0)

    def _expected(self, budget: Object, pods: list[Object]) -> int:
        """Return the sum of the replicas of all controllers of the pods."""
        scales: dict[str, int] = {}
        for pod in pods:
            owner = controller_of(pod)
            if owner is None:
                self.events.warning(budget, "UnmanagedPods", f"Pods selected by this PodDisruptionBudget {_UNMANAGED}")
            elif owner["uid"] not in scales:
                scales |= self._scale(pod, owner)
        return sum(scales.values())

    def _scale(self, pod: Object, owner: Object) -> dict[str, int]:
        """Return the replicas of a pod's controller by its uid; those of the Deployment where it belongs to one."""
        kind, obj = self._find(namespace_of(pod), owner)
        parent = controller_of(obj) if obj and owner["kind"] == "ReplicaSet" else None
        if parent and parent["kind"] == "Deployment":
            kind, obj = self._find(namespace_of(pod), parent)
        if kind is not None and "scale" not in kind.subresources:
            raise _ScaleError(f"{kind.resource} does not implement the scale subresource")
        if kind is None or obj is None:
            raise _ScaleError(f'found no controllers for pod "{name_of(pod)}"')
        return {meta(obj)["uid"]: int(spec_of(scale_of(kind, obj)).get("replicas", 0))}

    def _find(self, namespace: str, reference: Object) -> tuple[Kind | None, Object | None]:
        wanted = reference["apiVersion"], reference["kind"]
        kind = next((item for item in self.registry.kinds if (item.api_version, item.kind) == wanted), None)
        obj = self.store.get(kind.resource, namespace, reference["name"]) if kind else None
        return kind, obj if obj and meta(obj)["uid"] == reference["uid"] else None

    def _report_failure(self, budget: Object, error: str) -> None:
        """Allow no disruption while the numbers are unknown."""
        message = f"Failed to calculate the number of expected pods: {error}"
        self.events.warning(budget, "CalculateExpectedPodCountFailed", message)
        condition = {
            "type": "DisruptionAllowed",
            "status": "False",
            "reason": SYNC_FAILED,
            "message": error,
            "observedGeneration": status_of(budget).get("observedGeneration", 0),
        }
        conditions = put_condition(status_of(budget).get("conditions") or (), condition)
        self.put_status(_RESOURCE, budget, {**status_of(budget), "disruptionsAllowed": 0, "conditions": conditions})


def _disrupted(budget: Object, pods: list[Object]) -> Object:
    """Return the evicted pods, by their time, whose deletion has not begun yet."""
    present = {name_of(pod) for pod in pods if not is_deleting(pod)}
    recorded = status_of(budget).get("disruptedPods") or {}
    return {
        name: moment
        for name, moment in recorded.items()
        if name in present and seconds_since(moment) < _DELETION_TIMEOUT
    }
