"""The pod side of `expand-volume`: raises the request of a PersistentVolumeClaim, and follows the resize as far as it comes by itself."""

from __future__ import annotations

from typing import Any

from kubernaut.runner import Action, Quantity, run

CLAIMS = "v1/persistentvolumeclaims"
FAILED = ("ControllerResizeError", "NodeResizeError")
NEEDS_RESTART = "FileSystemResizePending"
INFEASIBLE = ("ControllerResizeInfeasible", "NodeResizeInfeasible")


def perform(action: Action) -> None:
    """Request the size, and wait until the claim has it or only a restart of its pods is left to do, unless `wait` is false."""
    name, size = action.parameters["name"], action.parameters["size"]
    wanted = {"spec": {"resources": {"requests": {"storage": size}}}}

    def change(claim: dict[str, Any]) -> dict[str, Any]:
        if why := refusal(claim, Quantity(size)):
            action.reject(f"PersistentVolumeClaim {name} is not made larger: {why}")
        return wanted if Quantity(requested(claim)) < Quantity(size) else {}

    before, after = action.api.modify(CLAIMS, name, change)
    old, new = requested(before), requested(after)
    action.changed("PersistentVolumeClaim", name, "spec.resources.requests.storage", old, new)
    if action.parameters["wait"]:
        written = {"spec": {"resources": {"requests": {"storage": new}}}}
        action.wait_for(CLAIMS, name, written, lambda claim: missing(claim, Quantity(size)), obstacle)
        if not action.dry_run and (left := left_to_do(action.api.get(CLAIMS, name))):
            action.conclude(f"PersistentVolumeClaim/{name} spec.resources.requests.storage: {old} → {new}; {left}")


def refusal(claim: dict[str, Any], size: Quantity) -> str:
    """Return why the claim cannot get this size, or ""."""
    if claim["metadata"].get("deletionTimestamp"):
        return "it is being deleted"
    if (phase := (claim.get("status") or {}).get("phase")) != "Bound":
        return f"it is {phase or 'not bound yet'}, and only a bound claim can grow"
    if size < Quantity(requested(claim)):
        return f"it has {requested(claim)} already, and no volume can be made smaller than it is"
    return ""


def requested(claim: dict[str, Any]) -> str:
    """Return the size that the claim asks for."""
    return str(claim["spec"]["resources"]["requests"]["storage"])


def missing(claim: dict[str, Any], size: Quantity) -> str:
    """Return what is missing until the resize has come as far as it can without a restart of the claim's pods, or ""."""
    capacity = ((claim.get("status") or {}).get("capacity") or {}).get("storage", "0")
    if Quantity(capacity) >= size or NEEDS_RESTART in conditions(claim):
        return ""
    return f"its capacity is {capacity} of {size}"


def obstacle(claim: dict[str, Any]) -> str:
    """Return what keeps the resize from coming further, or ""."""
    found = conditions(claim)
    for kind in FAILED:
        if kind in found:
            return f"{kind}: {found[kind].get('message', '')}"
    states = ((claim.get("status") or {}).get("allocatedResourceStatuses") or {}).values()
    return next(
        (f"the storage provider cannot make it that large ({state})" for state in states if state in INFEASIBLE), ""
    )


def left_to_do(claim: dict[str, Any]) -> str:
    """Return what is left to do by hand, or ""."""
    if NEEDS_RESTART not in conditions(claim):
        return ""
    return "the volume is larger, and its file system grows when the pods that use it are restarted: restart them"


def conditions(claim: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the conditions that hold, by type."""
    found = (claim.get("status") or {}).get("conditions") or ()
    return {condition["type"]: condition for condition in found if condition.get("status") == "True"}


if __name__ == "__main__":
    run(perform)
