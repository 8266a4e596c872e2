"""The pod side of `delete-pod`: evicts the pod, which disruption budgets may forbid, and waits for the pod that takes its place."""

from __future__ import annotations

from typing import Any

from kubernaut.runner import Action, NotFound, TooManyRequests, run
from kubernaut.runner.workloads import pod_obstacle

PODS = "v1/pods"
OF_ONE_POD = (
    "apps.kubernetes.io/pod-index",
    "controller-revision-hash",
    "pod-template-generation",
    "statefulset.kubernetes.io/pod-name",
)
"""Labels that a replacement may not have."""
NEVER_REPLACED = {
    "Node": "it is a static pod of its node: change its manifest there",
    "Job": "it is a pod of a Job, which would count it as failed: delete or suspend the Job instead",
}


def perform(action: Action) -> None:
    """Evict the pod, and wait until its controller has replaced it by one that is ready, unless `wait` is false."""
    name = action.parameters["name"]
    pod = action.api.get(PODS, name)
    uid, owner = pod["metadata"]["uid"], controller_of(pod)
    if why := refusal(pod, owner, only_if_not_ready=action.parameters["onlyIfNotReady"]):
        action.reject(f"pod {name} is not deleted: {why}")
    known = {sibling["metadata"]["uid"] for sibling in siblings(action, pod)}
    evict(action, name, uid)
    action.changed("Pod", name, "metadata.uid", uid, None)
    if action.parameters["wait"]:
        action.wait_until(lambda: missing(action, pod, known))


def refusal(pod: dict[str, Any], owner: dict[str, Any], *, only_if_not_ready: bool) -> str:
    """Return why the pod must not be deleted, or ""."""
    if not owner:
        return "no controller would replace it; if it is not needed, run kubectl delete pod"
    if owner["kind"] in NEVER_REPLACED:
        return NEVER_REPLACED[owner["kind"]]
    if pod["metadata"].get("deletionTimestamp"):
        return "it is being deleted already"
    if only_if_not_ready and is_ready(pod):
        return "it is ready, and onlyIfNotReady is set"
    return ""


def evict(action: Action, name: str, uid: str) -> None:
    """Evict this pod, and no other of its name."""
    eviction = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": name},
        "deleteOptions": {"preconditions": {"uid": uid}},
    }
    try:
        action.api.create(f"{PODS}/eviction", eviction, name=name)
    except TooManyRequests as refused:
        if "DisruptionBudget" not in refused.causes:
            raise
        action.reject(f"pod {name} is not deleted, as a PodDisruptionBudget does not allow it now: {refused}")


def missing(action: Action, pod: dict[str, Any], known: set[str]) -> str:
    """Return what is missing until the pod is gone and another one of its controller is ready, or ""."""
    name = pod["metadata"]["name"]
    try:
        if action.api.get(PODS, name)["metadata"]["uid"] == pod["metadata"]["uid"]:
            return f"pod {name} is still there"
    except NotFound:
        pass
    new = [sibling for sibling in siblings(action, pod) if sibling["metadata"]["uid"] not in known]
    if any(is_ready(sibling) for sibling in new):
        return ""
    owner = controller_of(pod)
    if not new:
        return f"{owner['kind']} {owner['name']} has not created another pod"
    obstacle = pod_obstacle(new)
    return f"the new pod {new[0]['metadata']['name']} is not ready{f': {obstacle.cause}' if obstacle.cause else ''}"


def siblings(action: Action, pod: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the pods of the same controller."""
    labels = {key: value for key, value in (pod["metadata"].get("labels") or {}).items() if key not in OF_ONE_POD}
    owner = controller_of(pod)["uid"]
    listed = action.api.list(PODS, selector=",".join(f"{key}={value}" for key, value in labels.items()), limit=5000)
    return [one for one in listed if controller_of(one).get("uid") == owner]


def controller_of(pod: dict[str, Any]) -> dict[str, Any]:
    """Return the reference to its controller; {} where it has none."""
    owners = pod["metadata"].get("ownerReferences") or ()
    return next((owner for owner in owners if owner.get("controller")), {})


def is_ready(pod: dict[str, Any]) -> bool:
    """Whether its condition Ready is true."""
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)


if __name__ == "__main__":
    run(perform)
