"""The pod side of `restart-deployment`: annotates the pod template, as `kubectl rollout restart` does, then watches the rollout.

Another annotation names the execution, so a second attempt of the same execution does not restart the Deployment again.
"""

from __future__ import annotations

import time
from typing import Any

from kubernaut.runner import Action, run

DEPLOYMENTS = "apps/v1/deployments"
RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
RESTARTED_BY = "kubernaut.io/restarted-by"


def perform(action: Action) -> None:
    """Restart it, unless this execution has done so already, and wait until the rollout is complete, unless `wait` is false."""
    name = action.parameters["name"]
    before, after = action.api.modify(DEPLOYMENTS, name, lambda current: restart(current, action))
    action.changed(
        "Deployment", name, f"spec.template.metadata.annotations[{RESTARTED_AT}]", _restarted(before), _restarted(after)
    )
    if action.parameters["wait"]:
        stamp = {"spec": {"template": {"metadata": {"annotations": {RESTARTED_BY: action.uid}}}}}
        action.wait_for_rollout(DEPLOYMENTS, name, stamp)


def restart(deployment: dict[str, Any], action: Action) -> dict[str, Any]:
    """Return the patch that restarts it; empty if this execution did so before."""
    if deployment["spec"].get("paused"):
        action.reject(
            f"Deployment {action.parameters['name']} is paused, so a restart would never finish: run kubectl rollout resume on it first"
        )
    annotations = _annotations(deployment)
    if annotations.get(RESTARTED_BY) == action.uid:
        return {}
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return {"spec": {"template": {"metadata": {"annotations": {RESTARTED_AT: now, RESTARTED_BY: action.uid}}}}}


def _annotations(deployment: dict[str, Any]) -> dict[str, str]:
    return deployment["spec"]["template"].get("metadata", {}).get("annotations") or {}


def _restarted(deployment: dict[str, Any]) -> str | None:
    return _annotations(deployment).get(RESTARTED_AT)


if __name__ == "__main__":
    run(perform)
