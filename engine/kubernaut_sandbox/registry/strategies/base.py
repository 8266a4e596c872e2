"""The questions the registry asks about every kind, answered for kinds that have nothing to add."""

from __future__ import annotations

from collections.abc import Sequence

from kubernaut_sandbox.model.objects import Object, encode
from kubernaut_sandbox.model.statuses import Cause, invalid_value


class Strategy:
    """Defaults, validation and immutability of one kind."""

    def prepare(self, obj: Object) -> Object:
        """The object with its defaults; run at create and at every update, so it must be idempotent."""
        return obj

    def prepare_create(self, obj: Object) -> Object:
        """What is set at creation alone, after the defaults."""
        return obj

    def validate(self, obj: Object) -> list[Cause]:
        """Fields at fault; also raises ApiError for what the sandbox does not implement."""
        return []

    def validate_update(self, new: Object, old: Object) -> list[Cause]:
        """Changes that are not allowed."""
        return []

    def warnings(self, obj: Object) -> list[str]:
        """What the client is told while the object is taken."""
        return []


def immutable(new: Object, old: Object, at: str, fields: Sequence[str]) -> list[Cause]:
    """A cause for every one of these fields that changed."""
    return [
        invalid_value(f"{at}.{field}", new.get(field), "field is immutable")
        for field in fields
        if encode(new.get(field)) != encode(old.get(field)) and new.get(field) != old.get(field)
    ]


def with_defaults(obj: Object, **defaults: object) -> Object:
    """The object with absent (or null) fields set."""
    absent = {key: value for key, value in defaults.items() if obj.get(key) is None}
    return {**obj, **absent} if absent else obj
