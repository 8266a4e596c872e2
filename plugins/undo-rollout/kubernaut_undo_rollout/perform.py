"""The pod side of `undo-rollout`: writes the pod template of an earlier ReplicaSet into the Deployment, as `kubectl rollout undo` does."""

from __future__ import annotations

from typing import Any

from kubernaut.runner import Action, run

DEPLOYMENTS, REPLICA_SETS = "apps/v1/deployments", "apps/v1/replicasets"
REVISION = "deployment.kubernetes.io/revision"
HASH = "pod-template-hash"
TEMPLATE = "/spec/template"


def perform(action: Action) -> None:
    """Go back to the revision, and wait until the rollout is complete, unless `wait` is false."""
    name = action.parameters["name"]
    chosen: list[tuple[int, dict[str, Any]]] = []

    def undo(deployment: dict[str, Any]) -> list[dict[str, Any]]:
        if deployment["spec"].get("paused"):
            action.reject(
                f"Deployment {name} is paused, so nothing would be rolled out: run kubectl rollout resume on it first"
            )
        if not chosen:  # later attempts of this step keep to it: what is the previous revision changes with the rollout
            chosen.append(choose(action, deployment))
        template = chosen[0][1]
        if deployment["spec"]["template"] == template:
            return []
        return [{"op": "replace", "path": TEMPLATE, "value": template}]

    before, after = action.api.modify(DEPLOYMENTS, name, undo, patch_type="json")
    (revision, template), was = chosen[0], revision_of(before)
    action.hand_over("revision", revision)
    action.changed_between("Deployment", name, templates(before), templates(after))
    action.output("revision", revision)
    action.output("undone", was)
    if action.parameters["wait"]:
        action.wait_for_rollout(DEPLOYMENTS, name, {"spec": {"template": template}})


def choose(action: Action, deployment: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Return the revision to go back to and its pod template."""
    name, current = deployment["metadata"]["name"], revision_of(deployment)
    found = revisions(action, deployment)
    wanted = action.handed.get("revision") or action.parameters["revision"]
    if wanted is None:
        earlier = [revision for revision in found if revision < current]
        if not earlier:
            action.reject(f"Deployment {name} has no revision before {current}, so there is nothing to go back to")
        wanted = max(earlier)
    if wanted not in found:
        there = ", ".join(map(str, sorted(found))) or "none"
        action.reject(f"Deployment {name} has no revision {wanted}; it has {there}: name one of these in `revision`")
    return wanted, found[wanted]


def revisions(action: Action, deployment: dict[str, Any]) -> dict[int, dict[str, Any]]:
    """Return the pod template of each revision that the Deployment still has."""
    owned = [
        replica_set
        for replica_set in action.api.list(REPLICA_SETS, limit=5000)
        if any(
            owner.get("controller") and owner["uid"] == deployment["metadata"]["uid"]
            for owner in replica_set["metadata"].get("ownerReferences") or ()
        )
    ]
    return {revision_of(replica_set): template_of(replica_set) for replica_set in owned if revision_of(replica_set)}


def revision_of(obj: dict[str, Any]) -> int:
    """Return the revision of a Deployment or ReplicaSet; 0 where its controller has not numbered it yet."""
    text = (obj["metadata"].get("annotations") or {}).get(REVISION, "")
    return int(text) if text.isdecimal() else 0


def template_of(replica_set: dict[str, Any]) -> dict[str, Any]:
    """Return its pod template as the Deployment had it."""
    template: dict[str, Any] = replica_set["spec"]["template"]
    metadata = template.get("metadata") or {}
    labels = {key: value for key, value in (metadata.get("labels") or {}).items() if key != HASH}
    return {**template, "metadata": {**metadata, "labels": labels}}


def templates(deployment: dict[str, Any]) -> dict[str, Any]:
    """Return the Deployment with nothing but its pod template."""
    return {"spec": {"template": deployment["spec"]["template"]}}


if __name__ == "__main__":
    run(perform)
