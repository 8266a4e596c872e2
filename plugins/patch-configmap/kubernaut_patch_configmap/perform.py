"""The pod side of `patch-configmap`: needs `patch` on configmaps and nothing else."""

from __future__ import annotations

from typing import Any

from kubernaut.runner import Action, run

CONFIGMAPS = "v1/configmaps"


def perform(action: Action) -> None:
    """Set and remove keys; record each that really changed."""
    name = action.parameters["name"]
    wanted: dict[str, Any] = {**action.parameters["set"], **dict.fromkeys(action.parameters["remove"])}
    before, after = action.api.modify(CONFIGMAPS, name, lambda _: {"data": wanted})
    old, new = before.get("data") or {}, after.get("data") or {}
    for key in wanted:
        action.changed("ConfigMap", name, f"data.{key}", old.get(key), new.get(key))


if __name__ == "__main__":
    run(perform)
