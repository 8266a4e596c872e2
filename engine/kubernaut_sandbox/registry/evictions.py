"""Evictions: the deletion of a pod that gets a DisruptionTarget condition, unless a PodDisruptionBudget may forbid it."""

from __future__ import annotations

from dataclasses import replace

from kubernaut_sandbox.access.request_context import DeleteOptions, RequestContext
from kubernaut_sandbox.admission.request import AdmissionRequest
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

_CONDITION = {
    "type": "DisruptionTarget",
    "status": "True",
    "reason": "EvictionByEvictionAPI",
    "message": "Eviction API: evicting",
    "lastProbeTime": None,
}
_EVICTION = Kind("policy", "v1", "evictions", "Eviction")


class Evictions:
    """Evicts pods."""

    def __init__(self, registry: Registry, deleter: Deleter) -> None:
        self._registry, self._deleter = registry, deleter

    def evict(self, context: RequestContext, kind: Kind, namespace: str, name: str, eviction: Object) -> None:
        """Mark the pod and delete it; `kind` is the kind Pod. Raise ApiError when the eviction is rejected."""
        if name_of(eviction) != name:
            raise bad_request("name in URL does not match name in Eviction object")
        document = eviction.get("deleteOptions") or {}
        options = DeleteOptions.from_document(document)
        pod = self._registry.get(kind, namespace, name)
        options.check_preconditions(kind, pod)
        self._check_budgets(namespace, pod)
        if document.get("dryRun"):
            context = replace(context, dry_run=True)
        self._registry.admission.validate(
            AdmissionRequest(context, "CREATE", kind, namespace, name, eviction, None, "eviction", _EVICTION)
        )
        context = replace(context, is_admitted=True)
        if not context.dry_run:
            self._registry.mutate(context, kind, namespace, name, _with_disruption_target, "status")
        self._deleter.delete(context, kind, namespace, name, replace(options, revision=""))

    def _check_budgets(self, namespace: str, pod: Object) -> None:
        """Reject the eviction of a running pod that a budget selects: the sandbox does not count healthy pods."""
        if is_deleting(pod) or status_of(pod).get("phase") != "Running":
            return
        for budget in self._registry.store.list("poddisruptionbudgets.policy", namespace):
            selector = spec_of(budget).get("selector")
            if selector is not None and matches_labels(label_selector(selector), labels_of(pod)):
                raise not_implemented(f"evictions under a PodDisruptionBudget ({name_of(budget)} selects this pod)")


def _with_disruption_target(pod: Object) -> Object:
    return with_status(pod, conditions=put_condition(status_of(pod).get("conditions") or (), _CONDITION))
