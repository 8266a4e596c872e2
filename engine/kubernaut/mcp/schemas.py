"""JSON schemas as they are sent to a model, whose every word costs: without titles, and without what only a program would miss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

_BY_NAME = {"properties", "$defs"}
_NULL = {"type": "null"}


def compact_schema(model: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON schema of a model without titles, and without null where it only stands for what is left out."""
    return _compact(model.model_json_schema())


def with_parameters(schema: Mapping[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return a tool's schema in which the property `parameters` has this schema of its own."""
    own = dict(parameters)
    definitions = {**schema.get("$defs", {}), **own.pop("$defs", {})}
    merged = {**schema, "properties": {**schema["properties"], "parameters": own}}
    return {**merged, **({"$defs": definitions} if definitions else {})}


def _compact(schema: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in schema.items() if key != "title" and (key, value) != ("default", None)}
    compacted = {key: _inner(key, value) for key, value in kept.items()}
    match compacted.get("anyOf"):
        case [only, last] if last == _NULL and "default" in schema:
            del compacted["anyOf"]
            return {**only, **compacted}
    return compacted


def _inner(key: str, value: Any) -> Any:
    if key in _BY_NAME and isinstance(value, Mapping):
        return {name: _compact(one) for name, one in value.items()}
    if key in {"default", "enum", "const", "examples"}:
        return value
    if isinstance(value, Mapping):
        return _compact(value)
    return [_compact(one) if isinstance(one, Mapping) else one for one in value] if isinstance(value, list) else value
