"""Waits for a Deployment, StatefulSet or DaemonSet: what it still lacks (`runner.rollouts`), and what its pods show to be in the way."""

from __future__ import annotations

import time

from kubernaut.runner.action import Action, Obstacle
from kubernaut.runner.exceptions import Misuse
from kubernaut.runner.rollouts import is_ready, missing_deployment, new_pods, unobserved, workload_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

PODS = "v1/pods"
_PODS_SECONDS = 3.0
"""How often pods are listed while something is missing."""
_LASTING_SECONDS = 60.0
"""An image that cannot be pulled, or a container that crashes, may recover; waiting longer than this is not worthwhile."""
_STUCK = {
    "ErrImagePull": "its image cannot be pulled",
    "ImagePullBackOff": "its image cannot be pulled",
    "InvalidImageName": "its image's name is not valid",
    "ErrImageNeverPull": "its image is not on the node",
    "CreateContainerConfigError": "it cannot be created",
    "CreateContainerError": "it cannot be created",
    "RunContainerError": "it cannot be started",
}
_MANY_RESTARTS = 3
"""A container that ended so often is taken to crash also while it runs again for a moment."""
_MAX_WORDS = 300


def wait_for_replicas(
    action: Action, kind: str, name: str, written: dict[str, Any], replicas: int | None = None
) -> None:
    """Wait until exactly this many replicas are ready, as `Action.wait_for_replicas` says."""
    workload = workload_of(kind)
    if replicas is not None and not workload.has_replicas:
        raise Misuse(f"{kind} has no replicas, but a pod on each of its nodes: leave `replicas` out")
    pods = _Pods(action)
    action.wait_for(
        kind,
        name,
        written,
        lambda current: is_ready(current, replicas, has_replicas=workload.has_replicas),
        pods.obstacle,
    )


def wait_for_rollout(
    action: Action,
    kind: str,
    name: str,
    written: dict[str, Any],
    is_new: Callable[[dict[str, Any]], bool] | None = None,
) -> None:
    """Wait until all replicas have the current template and are available, as `Action.wait_for_rollout` says."""
    workload = workload_of(kind)

    def obstacle(current: dict[str, Any]) -> Obstacle:
        never = "" if unobserved(current) else workload.stuck(current)
        if never:
            return Obstacle(never, 0)
        concerned = is_new or new_pods(kind, written, current)
        return rollout_obstacle(current, pods.obstacle(current, concerned))

    pods = _Pods(action)
    action.wait_for(kind, name, written, workload.rollout, obstacle)


def missing_replicas(workload: dict[str, Any], replicas: int) -> str:
    """Return what is missing until exactly this many replicas are ready, or ""."""
    return is_ready(workload, replicas)


def missing_rollout(workload: dict[str, Any]) -> str:
    """Return what is missing until all replicas have the current template and are available, or ""."""
    return missing_deployment(workload)


def rollout_obstacle(workload: dict[str, Any], found: Obstacle) -> Obstacle:
    """Return what is in the way of a rollout: that it is paused or overdue, or what was `found` otherwise."""
    if workload["spec"].get("paused"):
        resume = f"kubectl rollout resume deployment/{workload['metadata']['name']}"
        return Obstacle(f"the rollout does not finish, because it was paused: {resume}", 0)
    progressing = _conditions(workload).get("Progressing", {})
    if progressing.get("reason") == "ProgressDeadlineExceeded":
        why = f"; {found.cause}" if found.cause else ""
        message = (
            f"the rollout does not finish: {progressing.get('message', '')}{why}; check its pods: kubectl describe pods"
        )
        return Obstacle(message, 0)
    return found


def blocked(workload: dict[str, Any]) -> str:
    """Return why the cluster creates no more pods for it, such as a quota, or ""."""
    failure = _conditions(workload).get("ReplicaFailure", {})
    return str(failure.get("message", "")) if failure.get("status") == "True" else ""


def pod_obstacle(pods: list[dict[str, Any]]) -> Obstacle:
    """Return what keeps one of these pods from becoming ready: the gravest there is."""
    pods = sorted(pods, key=lambda pod: str(pod["metadata"]["name"]))
    for find in (_container_obstacle, _scheduling_obstacle, _readiness_obstacle):
        if obstacle := next((found for pod in pods if (found := find(pod))), None):
            return obstacle
    return Obstacle("")


class _Pods:
    """The pods of a workload, listed now and then."""

    def __init__(self, action: Action) -> None:
        self._api = action.api
        self._listed, self._found = 0.0, Obstacle("")

    def obstacle(
        self, workload: dict[str, Any], is_concerned: Callable[[dict[str, Any]], bool] = lambda _: True
    ) -> Obstacle:
        """Return what is in the way: what keeps pods from being created, or else from running."""
        if time.time() - self._listed > _PODS_SECONDS:
            pods = self._api.list(PODS, selector=selector_of(workload))
            self._listed, self._found = time.time(), pod_obstacle([pod for pod in pods if is_concerned(pod)])
        cause = blocked(workload)
        return Obstacle(cause) if cause else self._found


def selector_of(workload: dict[str, Any]) -> str:
    """Return the label selector of its pods, as text."""
    selector = workload["spec"].get("selector") or {}
    parts = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    for need in selector.get("matchExpressions") or ():
        key, values = need["key"], ",".join(need.get("values") or ())
        forms = {
            "In": f"{key} in ({values})",
            "NotIn": f"{key} notin ({values})",
            "Exists": key,
            "DoesNotExist": f"!{key}",
        }
        parts.append(forms[need["operator"]])
    return ",".join(parts)


def _container_obstacle(pod: dict[str, Any]) -> Obstacle | None:
    status = pod.get("status") or {}
    containers = [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]
    cause = next((cause for container in containers if (cause := _container_cause(container))), "")
    return Obstacle(f"pod {pod['metadata']['name']}, container {cause}", _LASTING_SECONDS) if cause else None


def _container_cause(container: dict[str, Any]) -> str:
    """Return the container's name and what is wrong with it, or ""; nothing that changes from one look to the next."""
    name, waiting = container.get("name", ""), (container.get("state") or {}).get("waiting") or {}
    reason = waiting.get("reason")
    crashes = container.get("restartCount", 0) >= _MANY_RESTARTS and not container.get("ready")
    if reason == "CrashLoopBackOff" or (crashes and reason not in _STUCK):
        last = (container.get("lastState") or {}).get("terminated") or {}
        return f"{name}: it crashes, the last time with exit code {last.get('exitCode', '?')} ({last.get('reason', 'Error')})"
    if reason not in _STUCK:
        return ""
    image = f" {container.get('image', '')}" if "Image" in reason else ""
    words = str(waiting.get("message", ""))[:_MAX_WORDS].rstrip(".")
    return f"{name}: {_STUCK[reason]}{image} ({reason}){f': {words}' if words else ''}"


def _scheduling_obstacle(pod: dict[str, Any]) -> Obstacle | None:
    for condition in (pod.get("status") or {}).get("conditions") or ():
        if condition.get("reason") == "Unschedulable" and condition.get("status") == "False":
            words = str(condition.get("message", ""))[:_MAX_WORDS].rstrip(".")
            return Obstacle(f"pod {pod['metadata']['name']} is unschedulable: {words}", float("inf"))
    return None


def _readiness_obstacle(pod: dict[str, Any]) -> Obstacle | None:
    for container in (pod.get("status") or {}).get("containerStatuses") or ():
        if "running" in (container.get("state") or {}) and not container.get("ready"):
            name = f"pod {pod['metadata']['name']}, container {container.get('name', '')}"
            return Obstacle(f"{name}: it runs, and is not ready", float("inf"))
    return None


def _conditions(workload: dict[str, Any]) -> dict[str, Any]:
    return {condition["type"]: condition for condition in workload.get("status", {}).get("conditions") or ()}
