"""Evictions: the deletion of a pod that gets a DisruptionTarget condition, unless a PodDisruptionBudget forbids it."""

from __future__ import annotations

from dataclasses import replace

from kubernaut_sandbox.access.request_context import DeleteOptions, RequestContext
from kubernaut_sandbox.admission.request import AdmissionRequest
from kubernaut_sandbox.model.kinds import Kind
from kubernaut_sandbox.model.objects import (
    Object,
    is_deleting,
    name_of,
    put_condition,
    status_of,
    with_status,
)
from kubernaut_sandbox.registry.deletion import Deleter
from kubernaut_sandbox.registry.disruption_budgets import count_disruption
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

    def evict(
        self, context: RequestContext, kind: Kind, namespace: str, eviction: Object, options: DeleteOptions
    ) -> None:
        """Mark the pod and delete it; `kind` is the kind Pod. Raise ApiError when the eviction is rejected."""
        name = name_of(eviction)
        self._registry.admission.validate(
            AdmissionRequest(context, "CREATE", kind, namespace, name, eviction, None, "eviction", _EVICTION)
        )
        context = replace(context, is_admitted=True)
        pod = self._registry.get(kind, namespace, name)
        if status_of(pod).get("phase") == "Running" and not is_deleting(pod):
            count_disruption(self._registry, pod, dry_run=context.dry_run)
        replace(options, revision=options.revision or None).check_preconditions(kind, pod)
        if not context.dry_run:
            self._registry.mutate(context, kind, namespace, name, _with_disruption_target, "status")
        self._deleter.delete(context, kind, namespace, name, replace(options, revision=None))


def _with_disruption_target(pod: Object) -> Object:
    return with_status(pod, conditions=put_condition(status_of(pod).get("conditions") or (), _CONDITION))
