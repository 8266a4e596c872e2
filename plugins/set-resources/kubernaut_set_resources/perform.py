"""The pod side of `set-resources`: patches the resources of one container of the pod template, and waits for the rollout."""

from __future__ import annotations

from typing import Any

from kubernaut.runner import Action, Quantity, run

WORKLOADS = {"Deployment": "apps/v1/deployments", "StatefulSet": "apps/v1/statefulsets"}
SECTIONS = ("requests", "limits")
Amounts = dict[str, dict[str, str | None]]


def perform(action: Action) -> None:
    """Set what was asked for, and wait until every pod has it, unless `wait` is false."""
    kind, name, container = (action.parameters[key] for key in ("kind", "name", "container"))
    wanted = wanted_amounts(action.parameters)

    def change(workload: dict[str, Any]) -> dict[str, Any]:
        present = resources_of(workload, container)
        if present is None:
            names = ", ".join(one["name"] for one in containers_of(workload))
            action.reject(
                f"{kind} {name} has no container {container}; it has {names}: name one of these in `container`"
            )
        if why := refusal(present, wanted, allow_decrease=action.parameters["allowDecrease"]):
            action.reject(f"{kind} {name}, container {container}: {why}")
        return template({"name": container, "resources": wanted})

    before, after = action.api.modify(WORKLOADS[kind], name, change, patch_type="strategic")
    old, new = (resources_of(workload, container) or {} for workload in (before, after))
    for section, amounts in wanted.items():
        for resource in amounts:
            field = f"spec.template.spec.containers[{container}].resources.{section}.{resource}"
            action.changed(
                kind, name, field, (old.get(section) or {}).get(resource), (new.get(section) or {}).get(resource)
            )
    if action.parameters["wait"]:
        written = {
            section: {key: (new.get(section) or {}).get(key) for key in keys} for section, keys in wanted.items()
        }
        action.wait_for_rollout(WORKLOADS[kind], name, template({"name": container, "resources": written}))


def wanted_amounts(parameters: dict[str, Any]) -> Amounts:
    """Return what each amount is to be; None for one that is to be removed."""
    wanted: Amounts = {section: dict(parameters[section]) for section in SECTIONS}
    for removed in parameters["remove"]:
        section, resource = removed.split(".")
        wanted[section][resource] = None
    return {section: amounts for section, amounts in wanted.items() if amounts}


def refusal(present: dict[str, Any], wanted: Amounts, *, allow_decrease: bool) -> str:
    """Return why these amounts must not be set, or ""."""
    for section, amounts in wanted.items():
        for resource, amount in amounts.items():
            now = (present.get(section) or {}).get(resource)
            if not allow_decrease and is_decrease(section, now, amount):
                shown = "none" if now is None else now
                return f"{section}.{resource} would go down from {shown} to {amount or 'none'}: set allowDecrease if that is what you want"
    after = {section: {**(present.get(section) or {}), **wanted.get(section, {})} for section in SECTIONS}
    for resource, request in after["requests"].items():
        limit = after["limits"].get(resource)
        if request is not None and limit is not None and Quantity(request) > Quantity(limit):
            return (
                f"requests.{resource} would be {request}, more than limits.{resource}, which would be {limit}: set both"
            )
    return ""


def is_decrease(section: str, now: str | None, amount: str | None) -> bool:
    """Whether the container may get less: no limit is more than any, and no request less than any."""
    if now is None:
        return section == "limits" and amount is not None
    if amount is None:
        return section == "requests"
    return Quantity(amount) < Quantity(now)


def resources_of(workload: dict[str, Any], container: str) -> dict[str, Any] | None:
    """Return the resources of the container; None where there is no such container."""
    found = [one for one in containers_of(workload) if one["name"] == container]
    return (found[0].get("resources") or {}) if found else None


def containers_of(workload: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the containers of its pod template."""
    return workload["spec"]["template"]["spec"].get("containers") or []


def template(container: dict[str, Any]) -> dict[str, Any]:
    """Return the patch for one container."""
    return {"spec": {"template": {"spec": {"containers": [container]}}}}


if __name__ == "__main__":
    run(perform)
