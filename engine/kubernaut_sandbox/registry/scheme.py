"""From a request's JSON to an object of a built-in kind: unknown fields dropped and named, wrong types refused.

The types are those of the official client's models, which are generated from the API's own OpenAPI document.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from kubernetes.aio.client import models

from kubernaut_sandbox.model.kinds import Kind
from kubernaut_sandbox.model.objects import Object, name_of, parse_time
from kubernaut_sandbox.model.quantities import parse_quantity
from kubernaut_sandbox.model.statuses import ApiError, bad_request, invalid, invalid_value
from kubernaut_sandbox.registry.request_context import Call

_CONTAINER = re.compile(r"^(List|Dict)\[(?:str, )?(.+)\]$")
_NAMES = {"bool": "bool", "int": "number", "float": "number", "str": "string"}
_SPECIAL = {"Event": "CoreV1Event", "Scale": "V1Scale", "TokenRequest": "AuthenticationV1TokenRequest"}
_MICRO_TIMES = {"acquireTime", "renewTime", "eventTime", "lastObservedTime"}
_MICRO_TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|[+-]\d\d:\d\d)$")
_QUANTITIES = {"limits", "requests", "hard", "used", "capacity", "allocatable", "sizeLimit", "divisor"}
_SCALARS: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "bytes": (str,),
    "datetime": (str,),
    "bool": (bool,),
    "int": (int,),
    "float": (int, float),
}


class _WrongTypeError(Exception):
    """A value of another type than the field's; the message is Go's."""


@dataclass(slots=True)
class _Findings:
    root: str
    unknown: list[str] = field(default_factory=list)


def check_type(kind: Kind, body: Object) -> None:
    """Refuse a body of another kind or version; built-in kinds may leave both out."""
    version, name = body.get("apiVersion"), body.get("kind")
    if kind.custom:
        _check_custom_type(kind, body)
    elif version and version != kind.api_version:
        why = f'no kind "{name}" is registered for version "{version}" in scheme "pkg/api/legacyscheme/scheme.go:30"'
        raise unhandled(kind, why)
    elif name and name != kind.kind:
        raise unhandled(kind, f"{name} is not a {kind.kind}")


def decode(kind: Kind, body: Object, call: Call) -> Object:
    """The object with only known fields; complains as the call's fieldValidation asks."""
    return decode_as(kind, _SPECIAL.get(kind.kind, f"V1{kind.kind}"), body, call)


def decode_as(kind: Kind, model: str, body: Object, call: Call) -> Object:
    """As decode, for a named model; used for metadata alone with custom kinds."""
    findings = _Findings("ObjectMeta" if model == "V1ObjectMeta" else kind.kind)
    try:
        decoded: Object = _decode(model, body, "", findings)
    except _WrongTypeError as error:
        raise unhandled(kind, str(error)) from error
    complain(kind, findings.unknown, call)
    return decoded


def complain(kind: Kind, unknown: list[str], call: Call) -> None:
    """Refuse, warn of, or pass over unknown fields."""
    said = [f'unknown field "{path}"' for path in unknown]
    if said and call.field_validation == "Strict":
        raise unhandled(kind, f"strict decoding error: {', '.join(said)}")
    if call.field_validation == "Warn":
        call.warnings.extend(said)


def unhandled(kind: Kind, why: str) -> ApiError:
    """400: the body is not an object of the kind."""
    return bad_request(f'{kind.kind} in version "{kind.version}" cannot be handled as a {kind.kind}: {why}')


def _decode(type_name: str, value: Any, path: str, findings: _Findings) -> Any:
    if value is None or type_name == "object":
        return value
    if found := _CONTAINER.match(type_name):
        return _decode_many(found[1], found[2], value, path, findings)
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
        place = f"{path}.{key}" if path else key
        if key not in fields:
            findings.unknown.append(place)
        elif item is not None:
            decoded = _decode(fields[key], item, place, findings)
            if decoded or not isinstance(decoded, list | dict) or not _CONTAINER.match(fields[key]):
                result[key] = decoded
    return result


def _decode_many(shape: str, inner: str, value: Any, path: str, findings: _Findings) -> Any:
    if shape == "List":
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
    """A MicroTime has exactly six decimals, a Time any number of them."""
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
    fits = isinstance(value, _SCALARS[type_name]) and not (isinstance(value, bool) and type_name != "bool")
    if not fits:
        wanted = {"str": "string", "int": "int32", "bytes": "[]uint8", "datetime": "time.Time"}.get(
            type_name, type_name
        )
        raise _WrongTypeError(_mismatch(value, path, wanted, findings))
    if type_name == "datetime":
        _check_time(value, path)
    return value


def _mismatch(value: Any, path: str, wanted: str, findings: _Findings) -> str:
    names = {bool: "bool", int: "number", float: "number", str: "string", list: "array", dict: "object"}
    where = re.sub(r"\[\d+\]", "", path)
    return f"json: cannot unmarshal {names[type(value)]} into Go struct field {findings.root}.{where} of type {wanted}"


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
