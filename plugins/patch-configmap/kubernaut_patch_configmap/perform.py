"""The pod side of `patch-configmap`: it needs only `patch` on configmaps."""

from __future__ import annotations

from typing import Any

from kubernaut.runner import Action, run

CONFIGMAPS = "v1/configmaps"


def perform(action: Action) -> None:
    """Set and remove keys, and record each one that changed."""
    name = action.parameters["name"]
    wanted: dict[str, Any] = {**action.parameters["set"], **dict.fromkeys(action.parameters["remove"])}
    before, after = action.api.modify(CONFIGMAPS, name, lambda _: {"data": wanted})
    old, new = before.get("data") or {}, after.get("data") or {}
    for key in wanted:
        action.changed("ConfigMap", name, f"data.{key}", old.get(key), new.get(key))


if __name__ == "__main__":
    run(perform)
