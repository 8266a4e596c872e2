"""Structural schemas of custom resources: pruning, defaults, and validation, worded as the API server words it."""

from __future__ import annotations

import json
import re
from typing import Any

from kubernaut_cel.formats import has_format
from kubernaut_sandbox.model.objects import Object, copy
from kubernaut_sandbox.model.statuses import Cause, format_value, invalid_value, required, too_long, unsupported_value

_PRESERVE_UNKNOWN = "x-kubernetes-preserve-unknown-fields"
_EMBEDDED = "x-kubernetes-embedded-resource"
_INT_OR_STRING = "x-kubernetes-int-or-string"
_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
}
_MAX_EXACT = 2**53
"""From here on a double does not tell every integer from its neighbours, and the API server takes it for none."""
_ROOT_FIELDS = ("apiVersion", "kind", "metadata")


def prune(schema: Object, value: Any, path: str = "") -> tuple[Any, list[str]]:
    """Return the value without the fields that the schema does not have, and the paths of those fields."""
    unknown: list[str] = []
    return _prune(schema, value, path, unknown, root=not path), unknown


def apply_defaults(schema: Object, value: Any) -> Any:
    """Return the value with absent fields set to their defaults; null counts as absent where it is not allowed."""
    if isinstance(value, dict):
        return _default_object(schema, value)
    if isinstance(value, list) and isinstance(schema.get("items"), dict):
        return [apply_defaults(schema["items"], item) for item in value]
    return value


def schema_causes(schema: Object, value: Any, path: str = "") -> list[Cause]:
    """Return a cause for every field that violates the schema."""
    if value is None:
        return [] if schema.get("nullable") else [_type_cause(schema, value, path)] if schema.get("type") else []
    if schema.get("type") and not _is_type(schema, value):
        return [_type_cause(schema, value, path)]
    causes = _value_causes(schema, value, path)
    if isinstance(value, dict):
        causes += _object_causes(schema, value, path)
    elif isinstance(value, list):
        causes += _list_causes(schema, value, path)
    return causes + _logic_causes(schema, value, path)


def _prune(schema: Object, value: Any, path: str, unknown: list[str], *, root: bool) -> Any:
    if isinstance(value, list):
        items = schema.get("items") or {_PRESERVE_UNKNOWN: True}
        return [_prune(items, item, f"{path}[{index}]", unknown, root=False) for index, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    properties, additional = schema.get("properties") or {}, schema.get("additionalProperties")
    embedded = root or schema.get(_EMBEDDED)
    result = {}
    for key, item in value.items():
        field = f"{path}.{key}" if path else key
        if embedded and key in _ROOT_FIELDS:
            result[key] = item
        elif key in properties:
            result[key] = _prune(properties[key], item, field, unknown, root=False)
        elif isinstance(additional, dict):
            result[key] = _prune(additional, item, field, unknown, root=False)
        elif schema.get(_PRESERVE_UNKNOWN) or additional is True:
            result[key] = item
        else:
            unknown.append(field)
    return result


def _default_object(schema: Object, value: Object) -> Object:
    properties = schema.get("properties") or {}
    nullable = {key for key, inner in properties.items() if inner.get("nullable") or inner.get(_PRESERVE_UNKNOWN)}
    result = {key: item for key, item in value.items() if item is not None or key in nullable or key not in properties}
    for key, inner in properties.items():
        if "default" in inner and key not in result:
            result[key] = copy(inner["default"])
        if key in result:
            result[key] = apply_defaults(inner, result[key])
    additional = schema.get("additionalProperties")
    if isinstance(additional, dict):
        for key in result.keys() - (schema.get("properties") or {}).keys():
            result[key] = apply_defaults(additional, result[key])
    return result


def _is_type(schema: Object, value: Any) -> bool:
    if schema.get(_INT_OR_STRING):
        return isinstance(value, int | str) and not isinstance(value, bool)
    if isinstance(value, bool):
        return bool(schema["type"] == "boolean")
    if schema["type"] == "integer" and isinstance(value, float):
        return value.is_integer() and abs(value) < _MAX_EXACT
    return isinstance(value, _TYPES.get(schema["type"], object))


def _type_cause(schema: Object, value: Any, path: str) -> Cause:
    names = {
        dict: "object",
        list: "array",
        str: "string",
        bool: "boolean",
        int: "integer",
        float: "number",
        type(None): "null",
    }
    found_type = names[type(value)]
    detail = f'{path} in body must be of type {schema["type"]}: "{found_type}"'
    return Cause(
        path,
        f'Invalid value: "{found_type}": {detail}'
        if found_type != "null"
        else f"Invalid value: {format_value(None)}: {detail}",
        "FieldValueTypeInvalid",
    )


def _value_causes(schema: Object, value: Any, path: str) -> list[Cause]:
    causes = []
    if "enum" in schema and value not in schema["enum"]:
        causes.append(
            unsupported_value(
                path, value, [item if isinstance(item, str) else json.dumps(item) for item in schema["enum"]]
            )
        )
    if isinstance(value, str):
        causes += _string_causes(schema, value, path)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        causes += _number_causes(schema, value, path)
    return causes


def _string_causes(schema: Object, value: str, path: str) -> list[Cause]:
    causes = []
    if "maxLength" in schema and len(value) > schema["maxLength"]:
        causes.append(too_long(path, schema["maxLength"]))
    if "minLength" in schema and len(value) < schema["minLength"]:
        causes.append(invalid_value(path, value, f"{path} in body should be at least {schema['minLength']} chars long"))
    if "pattern" in schema and not re.search(schema["pattern"], value):
        causes.append(invalid_value(path, value, f"{path} in body should match '{schema['pattern']}'"))
    if not has_format(schema.get("format", ""), value):
        causes.append(
            Cause(
                path,
                f'Invalid value: "{value}": {path} in body must be of type {schema["format"]}: "{value}"',
                "FieldValueTypeInvalid",
            )
        )
    return causes


def _number_causes(schema: Object, value: float, path: str) -> list[Cause]:
    causes = []
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and (value < low or (schema.get("exclusiveMinimum") and value == low)):
        relation = "greater than" if schema.get("exclusiveMinimum") else "greater than or equal to"
        causes.append(invalid_value(path, value, f"{path} in body should be {relation} {low:g}"))
    if high is not None and (value > high or (schema.get("exclusiveMaximum") and value == high)):
        relation = "less than" if schema.get("exclusiveMaximum") else "less than or equal to"
        causes.append(invalid_value(path, value, f"{path} in body should be {relation} {high:g}"))
    if schema.get("multipleOf") and value % schema["multipleOf"]:
        causes.append(invalid_value(path, value, f"{path} in body should be a multiple of {schema['multipleOf']:g}"))
    return causes


def _object_causes(schema: Object, value: Object, path: str) -> list[Cause]:
    causes = [required(f"{path}.{key}" if path else key) for key in schema.get("required") or () if key not in value]
    if "maxProperties" in schema and len(value) > schema["maxProperties"]:
        causes.append(
            Cause(
                path, f"Too many: {len(value)}: must have at most {schema['maxProperties']} items", "FieldValueTooMany"
            )
        )
    if len(value) < schema.get("minProperties", 0):
        causes.append(
            invalid_value(path, len(value), f"{path} in body should have at least {schema['minProperties']} properties")
        )
    properties, additional = schema.get("properties") or {}, schema.get("additionalProperties")
    for key, item in value.items():
        inner = properties.get(key, additional if isinstance(additional, dict) else None)
        if inner is not None and not (not path and key in _ROOT_FIELDS):
            causes += schema_causes(inner, item, f"{path}.{key}" if path else key)
    return causes


def _list_causes(schema: Object, value: list[Any], path: str) -> list[Cause]:
    causes = []
    if "maxItems" in schema and len(value) > schema["maxItems"]:
        causes.append(
            Cause(path, f"Too many: {len(value)}: must have at most {schema['maxItems']} items", "FieldValueTooMany")
        )
    if len(value) < schema.get("minItems", 0):
        causes.append(
            invalid_value(path, len(value), f"{path} in body should have at least {schema['minItems']} items")
        )
    for index, item in enumerate(value):
        causes += schema_causes(schema.get("items") or {}, item, f"{path}[{index}]")
    return causes + _duplicates(schema, value, path)


def _duplicates(schema: Object, value: list[Any], path: str) -> list[Cause]:
    keys = schema.get("x-kubernetes-list-map-keys") or ()
    kind = schema.get("x-kubernetes-list-type")
    if kind not in ("set", "map"):
        return []
    causes, keys_before = [], set()
    for index, item in enumerate(value):
        identity = {key: item.get(key) for key in keys} if kind == "map" and isinstance(item, dict) else item
        item_key = json.dumps(identity, sort_keys=True)
        if item_key in keys_before:
            causes.append(
                Cause(f"{path}[{index}]", f"Duplicate value: {format_value(identity)}", "FieldValueDuplicate")
            )
        keys_before.add(item_key)
    return causes


def _logic_causes(schema: Object, value: Any, path: str) -> list[Cause]:
    causes = [cause for part in schema.get("allOf") or () for cause in schema_causes(part, value, path)]
    matching = {
        keyword: sum(not schema_causes(part, value, path) for part in schema.get(keyword) or ())
        for keyword in ("anyOf", "oneOf")
    }
    if schema.get("anyOf") and not matching["anyOf"]:
        causes.append(invalid_value(path, value, f'"{path}" must validate at least one schema (anyOf)'))
    if schema.get("oneOf") and matching["oneOf"] != 1:
        causes.append(
            invalid_value(
                path,
                value,
                f'"{path}" must validate one and only one schema (oneOf). Found {matching["oneOf"] or "none"} valid',
            )
        )
    if schema.get("not") and not schema_causes(schema["not"], value, path):
        causes.append(invalid_value(path, value, f'"{path}" must not validate the schema (not)'))
    return causes
