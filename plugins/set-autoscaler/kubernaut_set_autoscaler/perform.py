"""The pod side of `set-autoscaler`: it needs only `patch` on HorizontalPodAutoscalers."""

from __future__ import annotations

from typing import Any

from kubernaut.runner import Action, run

AUTOSCALERS = "autoscaling/v2/horizontalpodautoscalers"
BOUNDS = ("minReplicas", "maxReplicas")
DEFAULTS = {"minReplicas": 1}
"""What the API server takes for a bound that an autoscaler does not have."""


def perform(action: Action) -> None:
    """Set the bounds, and record each one that was asked for."""
    name = action.parameters["name"]
    wanted = {bound: action.parameters[bound] for bound in BOUNDS if action.parameters[bound] is not None}

    def change(autoscaler: dict[str, Any]) -> dict[str, Any]:
        bounds = {**DEFAULTS, **autoscaler["spec"], **wanted}
        if bounds["minReplicas"] > bounds["maxReplicas"]:
            action.reject(
                f"minReplicas would be {bounds['minReplicas']} and maxReplicas {bounds['maxReplicas']}: "
                f"HorizontalPodAutoscaler {name} needs a maximum that is not below its minimum"
            )
        return {"spec": wanted}

    before, after = action.api.modify(AUTOSCALERS, name, change)
    for bound in wanted:
        action.changed(
            "HorizontalPodAutoscaler", name, f"spec.{bound}", before["spec"].get(bound), after["spec"].get(bound)
        )


if __name__ == "__main__":
    run(perform)
