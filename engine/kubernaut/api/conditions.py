"""metav1.Condition: find one in any object's status, and put one into an execution's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kubernaut.api.execution import Condition, ConditionType
from kubernaut.api.timestamps import now


def true_condition(obj: Mapping[str, Any], kind: str) -> Mapping[str, Any] | None:
    """Return the condition of this type of a Job, pod or other object if its status is "True", else None."""
    found = (obj.get("status") or {}).get("conditions") or []
    return next((c for c in found if c["type"] == kind and c["status"] == "True"), None)


def make_condition(kind: ConditionType, holds: bool, reason: str, message: str = "") -> Condition:
    """Return a condition of an execution that changes now; `reason` is one CamelCase word."""
    time = now().replace(microsecond=0)  # a metav1.Time has whole seconds
    return Condition(
        type=kind, status="True" if holds else "False", reason=reason, message=message, last_transition_time=time
    )


def with_conditions(present: Iterable[Condition], *changed: Condition) -> tuple[Condition, ...]:
    """Return the present conditions with these put in the place of those of the same type.

    As `meta.SetStatusCondition` does, `lastTransitionTime` stays while the status of a condition stays the same.
    """
    conditions = {condition.type: condition for condition in present}
    for condition in changed:
        before = conditions.get(condition.type)
        if before is not None and before.status == condition.status:
            kept = before.last_transition_time
            conditions[condition.type] = condition.model_copy(update={"last_transition_time": kept})
        else:
            conditions[condition.type] = condition
    return tuple(conditions.values())
