"""The strategy of a kind, as the registry calls it, for kinds that add nothing to the common rules."""

from __future__ import annotations

from collections.abc import Sequence

from kubernaut_sandbox.model.objects import Object, encode
from kubernaut_sandbox.model.statuses import Cause, invalid_value


class Strategy:
    """Defaults, validation and immutable fields of a kind."""

    def prepare(self, obj: Object) -> Object:
        """Return the object with its defaults. Called for creations and for every update, so it must be idempotent."""
        return obj

    def prepare_create(self, obj: Object) -> Object:
        """Return the object with what is set only at its creation; called after `prepare`."""
        return obj

    def prepare_update(self, new: Object, old: Object) -> Object:
        """Return the object with what the API server itself changes when others change it; called after `prepare`."""
        return new

    def validate(self, obj: Object) -> list[Cause]:
        """Return a cause for every invalid field; raise ApiError for a feature that the sandbox does not implement."""
        return []

    def validate_update(self, new: Object, old: Object) -> list[Cause]:
        """Return a cause for every change that is not allowed."""
        return []

    def warnings(self, obj: Object) -> list[str]:
        """Return the warnings that the client gets although the object is accepted."""
        return []


def immutable(new: Object, old: Object, at: str, fields: Sequence[str]) -> list[Cause]:
    """Return a cause for each of the fields that changed."""
    return [
        invalid_value(f"{at}.{field}", new.get(field), "field is immutable")
        for field in fields
        if encode(new.get(field)) != encode(old.get(field)) and new.get(field) != old.get(field)
    ]


def with_defaults(obj: Object, **defaults: object) -> Object:
    """Return the object with absent (or null) fields set to these defaults."""
    absent = {key: value for key, value in defaults.items() if obj.get(key) is None}
    return {**obj, **absent} if absent else obj
