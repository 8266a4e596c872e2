"""The pod side of `restart-deployment`."""

from __future__ import annotations

from typing import Any

from kubernaut.runner import Action, run
from kubernaut.runner.restarts import restart


def perform(action: Action) -> None:
    """Restart it, unless this execution has done so already, and wait until the rollout is complete, unless `wait` is false."""
    restart(action, "Deployment", "apps/v1/deployments", action.parameters["name"], refusal)


def refusal(deployment: dict[str, Any]) -> str:
    """Return why a restart would never end, or ""."""
    if deployment["spec"].get("paused"):
        return "is paused, so a restart would never finish: run kubectl rollout resume on it first"
    return ""


if __name__ == "__main__":
    run(perform)
