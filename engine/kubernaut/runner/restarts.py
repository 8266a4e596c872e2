"""Restarts a workload as `kubectl rollout restart` does: an annotation of its pod template changes, and its controller replaces the pods.

Another annotation names the execution, so a second attempt of the same execution does not restart the workload again.
"""

from __future__ import annotations

import time

from kubernaut.runner.action import Action

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
RESTARTED_BY = "kubernaut.io/restarted-by"
STAMPS = tuple(f"spec.template.metadata.annotations[{key}]" for key in (RESTARTED_AT, RESTARTED_BY))
"""The only fields that a restart changes."""


def restart(action: Action, kind: str, resource: str, name: str, refusal: Callable[[dict[str, Any]], str]) -> None:
    """Restart the workload, unless this execution has done so already, and wait for the rollout if the parameter `wait` says so.

    `kind` is as in `Deployment`, `resource` as in `apps/v1/deployments`. `refusal(workload)` returns why a restart would never end, or "".
    Needs `patch` on the workload and, to wait, `get` on it and `list` on pods.
    """

    def stamp(workload: dict[str, Any]) -> dict[str, Any]:
        if why := refusal(workload):
            action.reject(f"{kind} {name} {why}")
        if _annotations(workload).get(RESTARTED_BY) == action.uid:
            return {}
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        return _patch({RESTARTED_AT: now, RESTARTED_BY: action.uid})

    before, after = action.api.modify(resource, name, stamp)
    old, new = (_annotations(workload).get(RESTARTED_AT) for workload in (before, after))
    action.changed(kind, name, STAMPS[0], old, new, volatile=True)
    if action.parameters["wait"]:
        action.wait_for_rollout(resource, name, _patch({RESTARTED_BY: action.uid}))


def _patch(annotations: dict[str, str]) -> dict[str, Any]:
    return {"spec": {"template": {"metadata": {"annotations": annotations}}}}


def _annotations(workload: dict[str, Any]) -> dict[str, str]:
    return workload["spec"]["template"].get("metadata", {}).get("annotations") or {}
