"""The pod side of `patch-configmap`: it needs only `patch` on configmaps."""

from __future__ import annotations

from typing import Any

from kubernaut.runner import Action, run

CONFIGMAPS = "v1/configmaps"


def perform(action: Action) -> None:
    """Set and remove keys, and record each one that changed."""
    name = action.parameters["name"]
    wanted: dict[str, Any] = {**action.parameters["set"], **dict.fromkeys(action.parameters["remove"])}

    def change(current: dict[str, Any]) -> dict[str, Any]:
        if binary := sorted(wanted.keys() & (current.get("binaryData") or {}).keys()):
            action.reject(
                f"{', '.join(binary)} in ConfigMap {name} is binary (binaryData), and this action changes text (data) alone: "
                "leave it out, and replace it with kubectl create configmap --from-file … --dry-run=client -o yaml | kubectl replace -f -"
            )
        return {"data": wanted}

    before, after = action.api.modify(CONFIGMAPS, name, change)
    old, new = before.get("data") or {}, after.get("data") or {}
    for key in wanted:
        action.changed("ConfigMap", name, f"data.{key}", old.get(key), new.get(key))


if __name__ == "__main__":
    run(perform)
