"""Turns pydantic's JSON Schema into a structural schema, as an API server accepts it for a custom resource.

Pydantic writes `$ref`, `title` and null unions; a structural schema has none of these
(https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema).
"""

from __future__ import annotations

from typing import Any

_DROPPED = {"title", "$defs", "const", "propertyNames"}
OPEN_OBJECT = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
"""An object with any fields."""
_ANY_VALUE = {"x-kubernetes-preserve-unknown-fields": True}


def structural(node: dict[str, Any], defs: dict[str, Any]) -> dict[str, Any]:
    """Return a node without references, null unions and titles; its own description wins over the referenced one's."""
    if "$ref" in node:
        referred = structural(defs[node["$ref"].rsplit("/", 1)[-1]], defs)
        return {**referred, **{k: v for k, v in node.items() if k == "description"}}
    if "anyOf" in node:
        (only,) = (option for option in node["anyOf"] if option.get("type") != "null")
        return {**structural(only, defs), **{k: v for k, v in node.items() if k == "description"}}
    if not node or node.keys() <= {"title", "default", "$ref"}:
        return dict(_ANY_VALUE)
    clean = {
        key: value
        for key, value in node.items()
        if key not in _DROPPED and not (key == "default" and value in (None, [], {}))
    }
    if "properties" in clean:
        clean["properties"] = {name: structural(child, defs) for name, child in clean["properties"].items()}
    if "items" in clean:
        clean["items"] = structural(clean["items"], defs)
    if clean.get("additionalProperties") is False:
        del clean["additionalProperties"]
    if isinstance(values := clean.get("additionalProperties"), dict):
        if (inner := structural(values, defs)) != _ANY_VALUE:
            return {**clean, "additionalProperties": inner}
        clean = {**{k: v for k, v in clean.items() if k != "additionalProperties"}, **OPEN_OBJECT}
    return clean
