"""The pod side of `scale`: patches the scale subresource, then reads the workload until its replicas are ready."""

from __future__ import annotations

from typing import Any

from kubernaut.runner import Action, run

WORKLOADS = {"Deployment": "apps/v1/deployments", "StatefulSet": "apps/v1/statefulsets"}


def perform(action: Action) -> None:
    """Set the replicas, and wait until exactly that many are ready, unless `wait` is false."""
    kind, name, replicas = (action.parameters[key] for key in ("kind", "name", "replicas"))
    workload, wanted = WORKLOADS[kind], {"spec": {"replicas": replicas}}
    before, after = action.api.modify(f"{workload}/scale", name, lambda _: wanted)
    action.changed(kind, name, "spec.replicas", _replicas(before), _replicas(after))
    if action.parameters["wait"]:
        action.wait_for_replicas(workload, name, wanted, replicas)


def _replicas(scale: dict[str, Any]) -> int:
    """Return the replicas of a Scale object; the API omits a zero."""
    return int(scale.get("spec", {}).get("replicas", 0))


if __name__ == "__main__":
    run(perform)
