"""Decoding of built-in kinds: unknown fields are dropped and reported, values of a wrong type are rejected.

The types are those of the official client's models, which are generated from the API's own OpenAPI document.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from kubernetes.aio.client import models

from kubernaut_cel.quantities import parse_quantity
from kubernaut_sandbox.access.request_context import RequestContext
from kubernaut_sandbox.model.kinds import Kind
from kubernaut_sandbox.model.objects import Object, name_of, parse_time
from kubernaut_sandbox.model.statuses import ApiError, bad_request, invalid, invalid_value

_CONTAINER = re.compile(r"^(List|Dict)\[(?:str, )?(.+)\]$")
_SPECIAL = {
    "Event": "CoreV1Event",
    "HorizontalPodAutoscaler": "V2HorizontalPodAutoscaler",
    "Scale": "V1Scale",
    "TokenRequest": "AuthenticationV1TokenRequest",
}
_MICRO_TIMES = {"acquireTime", "renewTime", "eventTime", "lastObservedTime"}
_MICRO_TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|[+-]\d\d:\d\d)$")
_QUANTITIES = {"limits", "requests", "hard", "used", "capacity", "allocatable", "sizeLimit", "divisor", "averageValue"}
_INT64_FIELDS = {
    *("activeDeadlineSeconds", "terminationGracePeriodSeconds", "deletionGracePeriodSeconds", "gracePeriodSeconds"),
    *("tolerationSeconds", "expirationSeconds", "seconds", "runAsUser", "runAsGroup", "fsGroup", "supplementalGroups"),
    *("generation", "observedGeneration", "remainingItemCount", "sizeBytes", "revision"),
    *("maxLength", "minLength", "maxItems", "minItems", "maxProperties", "minProperties"),
}
"""The integers of the API that have 64 bits; the others have 32, which the client's models do not tell."""
_SCALARS: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "bytes": (str,),
    "datetime": (str,),
    "bool": (bool,),
    "int": (int,),
    "float": (int, float),
}


class _WrongTypeError(Exception):
    """A value has a type that its field does not accept; the message is worded as Go words it."""


@dataclass(slots=True)
class _Findings:
    root: str
    unknown: list[str] = field(default_factory=list)


def check_type(kind: Kind, body: Object) -> None:
    """Raise a 400 for a body of another kind or version; bodies of built-in kinds may omit both."""
    version, name = body.get("apiVersion"), body.get("kind")
    if kind.custom:
        _check_custom_type(kind, body)
    elif version and version != kind.api_version:
        detail = f'no kind "{name}" is registered for version "{version}" in scheme "pkg/api/legacyscheme/scheme.go:30"'
        raise cannot_handle(kind, detail)
    elif name and name != kind.kind:
        raise cannot_handle(kind, f"{name} is not a {kind.kind}")


def decode(kind: Kind, body: Object, context: RequestContext) -> Object:
    """Return the object with only the known fields; report the others as the request's fieldValidation requires.

    Raises a 400 for a value of a wrong type, and for unknown fields when fieldValidation is Strict.
    """
    return decode_as(kind, _SPECIAL.get(kind.kind, f"V1{kind.kind}"), body, context)


def decode_as(kind: Kind, model: str, body: Object, context: RequestContext) -> Object:
    """Decode as `decode` does, with the named model; for custom kinds this decodes the metadata."""
    findings = _Findings("ObjectMeta" if model == "V1ObjectMeta" else kind.kind)
    try:
        decoded: Object = _decode(model, body, "", findings)
    except _WrongTypeError as error:
        raise cannot_handle(kind, str(error)) from error
    report_unknown_fields(kind, findings.unknown, context)
    return decoded


def report_unknown_fields(kind: Kind, unknown: list[str], context: RequestContext) -> None:
    """Reject, warn about, or ignore unknown fields, and those that the body has twice, as the request's fieldValidation requires."""
    messages = [*context.duplicate_fields, *(f'unknown field "{path}"' for path in unknown)]
    context.duplicate_fields.clear()
    if messages and context.field_validation == "Strict":
        raise cannot_handle(kind, f"strict decoding error: {', '.join(messages)}")
    if context.field_validation == "Warn":
        context.warnings.extend(messages)


def cannot_handle(kind: Kind, detail: str) -> ApiError:
    """400: the body is not an object of the kind."""
    return bad_request(f'{kind.kind} in version "{kind.version}" cannot be handled as a {kind.kind}: {detail}')


def _decode(type_name: str, value: Any, path: str, findings: _Findings) -> Any:
    if value is None or type_name == "object":
        return value
    if match := _CONTAINER.match(type_name):
        return _decode_many(match[1], match[2], value, path, findings)
    if type_name in _SCALARS:
        return _decode_scalar(type_name, value, path, findings)
    if not isinstance(value, dict):
        raise _WrongTypeError(_mismatch(value, path, f"v1.{type_name.removeprefix('V1')}", findings))
    return _decode_struct(type_name, value, path, findings)


@cache
def _fields(type_name: str) -> dict[str, str]:
    model = getattr(models, type_name)
    return {json: model.openapi_types[python] for python, json in model.attribute_map.items()}


def _decode_struct(type_name: str, value: Object, path: str, findings: _Findings) -> Object:
    fields = _fields(type_name)
    result = {}
    for key, item in value.items():
        field_path = f"{path}.{key}" if path else key
        if key not in fields:
            findings.unknown.append(field_path)
        elif item is not None:
            decoded = _decode(fields[key], item, field_path, findings)
            if decoded or not isinstance(decoded, list | dict) or not _CONTAINER.match(fields[key]):
                result[key] = decoded
    return result


def _decode_many(container: str, inner: str, value: Any, path: str, findings: _Findings) -> Any:
    if container == "List":
        if not isinstance(value, list):
            raise _WrongTypeError(
                _mismatch(value, path, f"[]{inner.replace('str', 'string').replace('V1', 'v1.')}", findings)
            )
        return [_decode(inner, item, f"{path}[{index}]", findings) for index, item in enumerate(value)]
    if not isinstance(value, dict):
        raise _WrongTypeError(_mismatch(value, path, f"map[string]{inner.replace('str', 'string')}", findings))
    if path.rpartition(".")[2] in _QUANTITIES:
        return {key: _quantity(item) for key, item in value.items()}
    empty = "" if inner == "str" else None
    return {key: empty if item is None else _decode(inner, item, path, findings) for key, item in value.items()}


def _quantity(value: Any) -> str:
    try:
        parse_quantity(value)
    except ValueError as error:
        raise _WrongTypeError(str(error)) from error
    return str(value)


def _check_time(value: str, path: str) -> None:
    """Raise _WrongTypeError for an invalid time: a MicroTime has exactly six decimals, a Time any number of them."""
    micro = path.rpartition(".")[2] in _MICRO_TIMES
    layout = f"2006-01-02T15:04:05{'.000000' if micro else ''}Z07:00"
    try:
        parse_time(value)
    except ValueError as error:
        raise _WrongTypeError(f'parsing time "{value}" as "{layout}": cannot parse "{value}" as "2006"') from error
    if micro and not _MICRO_TIME.match(value):
        raise _WrongTypeError(f'parsing time "{value}" as "{layout}": cannot parse "{value[19:]}" as ".000000"')


def _decode_scalar(type_name: str, value: Any, path: str, findings: _Findings) -> Any:
    if path.rpartition(".")[2] in _QUANTITIES and isinstance(value, int | float):
        return str(value)
    if path.rpartition(".")[2] in _QUANTITIES and isinstance(value, str):
        return _quantity(value)
    fits = isinstance(value, _SCALARS[type_name]) and not (isinstance(value, bool) and type_name != "bool")
    if not fits:
        go_type = {"str": "string", "int": "int32", "bytes": "[]uint8", "datetime": "time.Time"}.get(
            type_name, type_name
        )
        raise _WrongTypeError(_mismatch(value, path, go_type, findings))
    if type_name == "datetime":
        _check_time(value, path)
    if type_name == "int" and path.rpartition(".")[2] not in _INT64_FIELDS and not -(2**31) <= value < 2**31:
        raise _WrongTypeError(_mismatch(value, path, "int32", findings, f"number {value}"))
    return value


def _mismatch(value: Any, path: str, go_type: str, findings: _Findings, found: str = "") -> str:
    names = {bool: "bool", int: "number", float: "number", str: "string", list: "array", dict: "object"}
    field = re.sub(r"\[\d+\]", "", path)
    return f"json: cannot unmarshal {found or names[type(value)]} into Go struct field {findings.root}.{field} of type {go_type}"


def _check_custom_type(kind: Kind, body: Object) -> None:
    version, name = body.get("apiVersion"), body.get("kind")
    if not name:
        raise bad_request(
            f"the object provided is unrecognized (must be of type {kind.kind}): Object 'Kind' is missing"
        )
    if version != kind.api_version:
        raise bad_request(
            f"the API version in the data ({version}) does not match the expected API version ({kind.api_version})"
        )
    if name != kind.kind:
        raise invalid(f"{name}.{kind.group}", name_of(body), [invalid_value("kind", name, f"must be {kind.kind}")])
