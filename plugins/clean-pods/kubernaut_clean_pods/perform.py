"""The pod side of `clean-pods`: lists the pods that have ended, and deletes the oldest, each by its uid and version."""

from __future__ import annotations

import time
from calendar import timegm
from typing import Any

from kubernaut.runner import Action, Conflict, NotFound, run

PODS = "v1/pods"
LISTED = 5000
OWN = "!kubernaut.io/execution-uid"
"""The pods of executions are left to the engine, which reads their results."""


def perform(action: Action) -> None:
    """Delete the pods that have ended, the oldest first, and no more than `limit`."""
    labels, limit = action.parameters["labels"], action.parameters["limit"]
    selector = ",".join([*(f"{key}={value}" for key, value in sorted(labels.items())), OWN])
    found: list[dict[str, Any]] = []
    for phase in action.parameters["phases"]:
        found += action.api.list(PODS, selector=selector, fields=f"status.phase={phase}", limit=LISTED)
    now, age = time.time(), action.parameters["olderThanSeconds"]
    ended = sorted((pod for pod in found if now - ended_at(pod) >= age), key=ended_at)
    for pod in ended[:limit]:
        delete(action, pod)
    action.output("left", max(0, len(ended) - limit))
    if not ended:
        action.conclude(
            f"No pod with {selector.removesuffix(f',{OWN}')} has ended {age} seconds ago or earlier: there was nothing to delete."
        )


def delete(action: Action, pod: dict[str, Any]) -> None:
    """Delete this pod, as it was listed; one that somebody else deleted or changed is left alone."""
    metadata = pod["metadata"]
    name, uid = metadata["name"], metadata["uid"]
    try:
        action.api.delete(PODS, name, uid=uid, resource_version=metadata["resourceVersion"])
    except (NotFound, Conflict):
        action.progress(f"pod {name} is gone or has changed since it was listed: it is left alone")
        return
    action.changed("Pod", name, "metadata.uid", uid, None)


def ended_at(pod: dict[str, Any]) -> float:
    """Return when the pod's last container ended, in seconds since 1970; when it was created, if none of them began."""
    status = pod.get("status") or {}
    ends = [
        ((container.get("state") or {}).get("terminated") or {}).get("finishedAt")
        for container in status.get("containerStatuses") or ()
    ]
    known = [seconds(end) for end in ends if end]
    return max(known) if known else seconds(pod["metadata"]["creationTimestamp"])


def seconds(text: str) -> float:
    """Return the seconds since 1970 of a time as the API server writes it."""
    return float(timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")))


if __name__ == "__main__":
    run(perform)
