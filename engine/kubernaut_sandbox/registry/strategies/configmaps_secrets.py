"""ConfigMaps and Secrets: valid keys, a bounded size, and `immutable`."""

from __future__ import annotations

import base64
import binascii

from kubernaut_sandbox.model.names import config_key_causes
from kubernaut_sandbox.model.objects import Object
from kubernaut_sandbox.model.statuses import ApiError, Cause, bad_request, invalid_value, too_long
from kubernaut_sandbox.registry.strategies.base import Strategy, with_defaults

_MAX_DATA_BYTES = 1024 * 1024
_IMMUTABLE = "field is immutable when `immutable` is set"


class ConfigMapStrategy(Strategy):
    """ConfigMaps contain text and binary data of at most 1 MiB."""

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
        return [*causes, too_long("", _MAX_DATA_BYTES)] if size > _MAX_DATA_BYTES else causes

    def validate_update(self, new: Object, old: Object) -> list[Cause]:
        return _immutable_causes(new, old, ("data", "binaryData"))


class SecretStrategy(Strategy):
    """Secrets have base64 values and a type; `stringData` is written into `data` and not stored itself."""

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
        if sum(_decoded_size(value) for value in data.values()) > _MAX_DATA_BYTES:
            causes.append(too_long("data", _MAX_DATA_BYTES))
        return causes

    def validate_update(self, new: Object, old: Object) -> list[Cause]:
        causes = _immutable_causes(new, old, ("data",))
        if new.get("type") != old.get("type"):
            causes.append(invalid_value("type", new.get("type"), "field is immutable"))
        return causes


def _decoded_size(value: str) -> int:
    try:
        return len(base64.b64decode(value, validate=True))
    except (binascii.Error, ValueError) as error:
        raise _illegal_base64() from error


def _illegal_base64() -> ApiError:
    return bad_request('Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 0')


def _immutable_causes(new: Object, old: Object, fields: tuple[str, ...]) -> list[Cause]:
    if not old.get("immutable"):
        return []
    causes = [] if new.get("immutable") else [Cause("immutable", f"Forbidden: {_IMMUTABLE}", "FieldValueForbidden")]
    changed = [field for field in fields if (new.get(field) or {}) != (old.get(field) or {})]
    return causes + [Cause(field, f"Forbidden: {_IMMUTABLE}", "FieldValueForbidden") for field in changed]
