"""Parameters: from the JSON of an execution to an instance of the action's own model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from kubernaut.admission.decisions import Rejected
from kubernaut.api.execution import MAX_PARAMETERS_BYTES, Reason
from kubernaut.validation_errors import format_validation_error

MAX_DEPTH = 50


def parse_parameters(model: type[BaseModel], given: Mapping[str, Any]) -> BaseModel | Rejected:
    """Return checked and typed parameters. Types are strict ("5" is not a number) and unknown fields are rejected."""
    if depth(given) > MAX_DEPTH:
        message = f"parameters: they are nested more than {MAX_DEPTH} levels deep; no action needs that"
        return Rejected(Reason.INVALID_PARAMETERS, message)
    encoded = json.dumps(given)
    size = len(encoded.encode())
    if size > MAX_PARAMETERS_BYTES:
        limit = f"{size // 1024} KiB exceed the {MAX_PARAMETERS_BYTES // 1024} KiB that reach a pod; shorten them"
        return Rejected(Reason.INVALID_PARAMETERS, f"parameters: {limit}")
    try:
        return model.model_validate_json(encoded, strict=True)
    except ValidationError as error:
        message = format_validation_error(error, "parameters", "parameter of this action", model.model_fields)
        return Rejected(Reason.INVALID_PARAMETERS, message)
    except Exception as error:  # noqa: BLE001 - a plugin's own validator may raise anything
        return Rejected(Reason.PLUGIN_ERROR, f"the parameters model raised {type(error).__name__}: {error}")


def depth(value: Any) -> int:
    """Return how deeply a document is nested; a scalar is 1."""
    levels, level = 0, [value]
    while level:
        levels += 1
        level = [inner for outer in level if isinstance(outer, dict | list) for inner in _children(outer)]
    return levels


def _children(value: dict[str, Any] | list[Any]) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value
