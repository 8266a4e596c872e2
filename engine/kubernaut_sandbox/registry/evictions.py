"""Eviction: a deletion that says why on the pod, and that a PodDisruptionBudget may forbid."""

from __future__ import annotations

from kubernaut_sandbox.model.kinds import Kind
from kubernaut_sandbox.model.objects import (
    Object,
    is_deleting,
    labels_of,
    name_of,
    put_condition,
    spec_of,
    status_of,
    with_status,
)
from kubernaut_sandbox.model.selectors import label_selector, matches_labels
from kubernaut_sandbox.model.statuses import bad_request, not_implemented
from kubernaut_sandbox.registry.deletion import Deleter
from kubernaut_sandbox.registry.registry import Registry
from kubernaut_sandbox.registry.request_context import Call, Deletion

_CONDITION = {
    "type": "DisruptionTarget",
    "status": "True",
    "reason": "EvictionByEvictionAPI",
    "message": "Eviction API: evicting",
    "lastProbeTime": None,
}


class Evictions:
    """Evicts pods."""

    def __init__(self, registry: Registry, deleter: Deleter) -> None:
        self._registry, self._deleter = registry, deleter

    def evict(self, call: Call, kind: Kind, namespace: str, name: str, eviction: Object) -> None:
        """Mark the pod and delete it; `kind` is that of pods."""
        if name_of(eviction) != name:
            raise bad_request("name in URL does not match name in Eviction object")
        options = eviction.get("deleteOptions") or {}
        wanted = options.get("preconditions") or {}
        how = Deletion(
            options.get("gracePeriodSeconds"),
            options.get("propagationPolicy") or "",
            wanted.get("uid") or "",
            wanted.get("resourceVersion") or "",
        )
        pod = self._registry.get(kind, namespace, name)
        how.check(kind, pod)
        self._check_budgets(namespace, pod)
        if options.get("dryRun"):
            call = Call(call.user, True, call.field_validation, call.warnings)
        if not call.dry_run:
            self._registry.mutate(call, kind, namespace, name, _disrupted, "status")
        self._deleter.delete(call, kind, namespace, name, Deletion(how.grace_seconds, how.propagation, how.uid))

    def _check_budgets(self, namespace: str, pod: Object) -> None:
        """Nobody counts healthy pods here: what a budget says is not known, so it is not guessed."""
        if is_deleting(pod) or status_of(pod).get("phase") != "Running":
            return
        for budget in self._registry.store.list("poddisruptionbudgets.policy", namespace):
            selector = spec_of(budget).get("selector")
            if selector is not None and matches_labels(label_selector(selector), labels_of(pod)):
                raise not_implemented(f"evictions under a PodDisruptionBudget ({name_of(budget)} selects this pod)")


def _disrupted(pod: Object) -> Object:
    return with_status(pod, conditions=put_condition(status_of(pod).get("conditions") or (), _CONDITION))
