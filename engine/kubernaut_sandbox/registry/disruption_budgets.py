"""PodDisruptionBudgets at an eviction: which one selects the pod, and whether it allows the disruption, which it then counts."""

from __future__ import annotations

from kubernaut_sandbox.access.request_context import controller_context
from kubernaut_sandbox.model.objects import (
    Object,
    condition_of,
    has_condition,
    labels_of,
    meta,
    name_of,
    namespace_of,
    now,
    put_condition,
    spec_of,
    status_of,
)
from kubernaut_sandbox.model.selectors import label_selector, matches_labels
from kubernaut_sandbox.model.statuses import ApiError
from kubernaut_sandbox.registry.registry import Registry

_RESOURCE = "poddisruptionbudgets.policy"
SYNC_FAILED = "SyncFailed"


def selects(budget: Object, pod: Object) -> bool:
    """Whether the budget is about the pod. An empty selector selects every pod of the namespace, an absent one none."""
    selector = spec_of(budget).get("selector")
    return selector is not None and matches_labels(label_selector(selector), labels_of(pod))


def with_allowed_condition(status: Object) -> Object:
    """Return the status with the condition DisruptionAllowed, as its number of allowed disruptions says."""
    allowed = status["disruptionsAllowed"] > 0
    condition = {
        "type": "DisruptionAllowed",
        "status": "True" if allowed else "False",
        "reason": "SufficientPods" if allowed else "InsufficientPods",
        "message": "",
        "observedGeneration": status.get("observedGeneration", 0),
    }
    return {**status, "conditions": put_condition(status.get("conditions") or (), condition)}


def count_disruption(registry: Registry, pod: Object, *, dry_run: bool) -> None:
    """Count the eviction of a running pod against the budget that selects it.

    Raises a 429 when the budget does not allow it, and a 500 when there are two budgets. An unready pod is not counted while the
    others suffice, or when the budget's policy for unhealthy pods is AlwaysAllow.
    """
    budgets = [item for item in registry.store.list(_RESOURCE, namespace_of(pod)) if selects(item, pod)]
    if not budgets:
        return
    if len(budgets) > 1:
        detail = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
        raise ApiError(500, "", detail)
    (budget,) = budgets
    if not has_condition(pod, "Ready") and _allows_unready(budget):
        return
    status = status_of(budget)
    if status.get("observedGeneration", 0) < meta(budget)["generation"]:
        raise _refusal(f"The disruption budget {name_of(budget)} is still being processed by the server.", 10)
    if status["disruptionsAllowed"] <= 0:
        raise _refusal(_reason(budget))
    status = {**status, "disruptionsAllowed": status["disruptionsAllowed"] - 1}
    if not status["disruptionsAllowed"]:
        status = with_allowed_condition(status)
    if not dry_run:
        status["disruptedPods"] = {**(status.get("disruptedPods") or {}), name_of(pod): now()}
        kind, context = registry.kinds.by_resource(_RESOURCE), controller_context("apiserver")
        changed = {**budget, "status": status}
        registry.update(context, kind, namespace_of(budget), name_of(budget), changed, "status")


def _allows_unready(budget: Object) -> bool:
    if spec_of(budget).get("unhealthyPodEvictionPolicy") == "AlwaysAllow":
        return True
    status = status_of(budget)
    return bool(status["currentHealthy"] >= status["desiredHealthy"] > 0)


def _reason(budget: Object) -> str:
    status, name = status_of(budget), name_of(budget)
    condition = condition_of(budget, "DisruptionAllowed") or {}
    if condition.get("reason") == SYNC_FAILED:
        failure = f"currently because it failed sync: {condition['message']}"
        return f"The disruption budget {name} does not allow evicting pods {failure}"
    if status["currentHealthy"] <= status["desiredHealthy"]:
        amounts = f"{status['desiredHealthy']} healthy pods and has {status['currentHealthy']} currently"
        return f"The disruption budget {name} needs {amounts}"
    return f"The disruption budget {name} does not allow evicting pods currently"


def _refusal(message: str, retry_after: int | None = None) -> ApiError:
    text = "Cannot evict pod as it would violate the pod's disruption budget."
    details = {"causes": [{"reason": "DisruptionBudget", "message": message}]}
    return ApiError(429, "TooManyRequests", text, details, retry_after)
