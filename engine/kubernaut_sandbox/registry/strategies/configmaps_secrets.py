"""ConfigMaps and Secrets: their keys, their size, and the promise of `immutable`."""

from __future__ import annotations

import base64
import binascii

from kubernaut_sandbox.model.objects import Object
from kubernaut_sandbox.model.statuses import ApiError, Cause, bad_request, invalid_value, too_long
from kubernaut_sandbox.registry.names import config_key_causes
from kubernaut_sandbox.registry.strategies.base import Strategy, with_defaults

_LIMIT = 1024 * 1024
_FROZEN = "field is immutable when `immutable` is set"


class ConfigMapStrategy(Strategy):
    """Text and binary data of at most 1 MiB."""

    def validate(self, obj: Object) -> list[Cause]:
        data, binary = obj.get("data") or {}, obj.get("binaryData") or {}
        causes = [cause for key in data for cause in config_key_causes(f"data[{key}]", key)]
        for key in binary:
            causes += config_key_causes(f"binaryData[{key}]", key)
            if key in data:
                causes.append(invalid_value(f"data[{key}]", key, "duplicate of key present in binaryData"))
        size = sum(len(value.encode()) for value in data.values()) + sum(
            len(value) * 3 // 4 for value in binary.values()
        )
        return [*causes, too_long("", _LIMIT)] if size > _LIMIT else causes

    def validate_update(self, new: Object, old: Object) -> list[Cause]:
        return _frozen_causes(new, old, ("data", "binaryData"))


class SecretStrategy(Strategy):
    """As ConfigMaps, with base64 values, a type, and `stringData` that is written but never kept."""

    def prepare(self, obj: Object) -> Object:
        texts = obj.get("stringData")
        if texts is not None:
            obj = {key: value for key, value in obj.items() if key != "stringData"}
            coded = {key: base64.b64encode(value.encode()).decode() for key, value in texts.items()}
            obj = {**obj, "data": {**(obj.get("data") or {}), **coded}}
        return with_defaults(obj, type="Opaque")

    def validate(self, obj: Object) -> list[Cause]:
        data = obj.get("data") or {}
        causes = [cause for key in data for cause in config_key_causes(f"data[{key}]", key)]
        if sum(_decoded_size(value) for value in data.values()) > _LIMIT:
            causes.append(too_long("data", _LIMIT))
        return causes

    def validate_update(self, new: Object, old: Object) -> list[Cause]:
        causes = _frozen_causes(new, old, ("data",))
        if new.get("type") != old.get("type"):
            causes.append(invalid_value("type", new.get("type"), "field is immutable"))
        return causes


def _decoded_size(value: str) -> int:
    try:
        return len(base64.b64decode(value, validate=True))
    except (binascii.Error, ValueError) as error:
        raise _undecodable() from error


def _undecodable() -> ApiError:
    return bad_request('Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 0')


def _frozen_causes(new: Object, old: Object, fields: tuple[str, ...]) -> list[Cause]:
    if not old.get("immutable"):
        return []
    causes = [] if new.get("immutable") else [Cause("immutable", f"Forbidden: {_FROZEN}", "FieldValueForbidden")]
    changed = [field for field in fields if (new.get(field) or {}) != (old.get(field) or {})]
    return causes + [Cause(field, f"Forbidden: {_FROZEN}", "FieldValueForbidden") for field in changed]
