"""The pod side of `restart-workload`."""

from __future__ import annotations

from typing import Any

from kubernaut.runner import Action, run
from kubernaut.runner.restarts import restart

WORKLOADS = {"StatefulSet": "apps/v1/statefulsets", "DaemonSet": "apps/v1/daemonsets"}


def perform(action: Action) -> None:
    """Restart it, unless this execution has done so already, and wait until the rollout is complete, unless `wait` is false."""
    kind = action.parameters["kind"]
    restart(action, kind, WORKLOADS[kind], action.parameters["name"], refusal)


def refusal(workload: dict[str, Any]) -> str:
    """Return why a restart would replace no pods, or not all of them, or ""."""
    strategy = workload["spec"].get("updateStrategy") or {}
    if strategy.get("type") == "OnDelete":
        return "has the update strategy OnDelete, so a restart would replace no pod: delete its pods one by one instead"
    partition = (strategy.get("rollingUpdate") or {}).get("partition") or 0
    if partition:
        return (
            f"has a partition of {partition}, so a restart would spare its first {partition} pods: "
            "set spec.updateStrategy.rollingUpdate.partition to 0 first"
        )
    return ""


if __name__ == "__main__":
    run(perform)
