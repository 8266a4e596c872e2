"""Leases: a positive duration, and a count of transitions that is not negative."""

from __future__ import annotations

from kubernaut_sandbox.model.objects import Object, spec_of
from kubernaut_sandbox.model.statuses import Cause, invalid_value
from kubernaut_sandbox.registry.strategies.base import Strategy, with_defaults

_MINIMA = (
    ("leaseDurationSeconds", 1, "must be greater than 0"),
    ("leaseTransitions", 0, "must be greater than or equal to 0"),
)


class LeaseStrategy(Strategy):
    """Checks the numbers of a Lease; its holder may be any text."""

    def prepare(self, obj: Object) -> Object:
        return with_defaults(obj, spec={})

    def validate(self, obj: Object) -> list[Cause]:
        values = ((field, spec_of(obj).get(field), minimum, detail) for field, minimum, detail in _MINIMA)
        return [
            invalid_value(f"spec.{field}", value, detail)
            for field, value, minimum, detail in values
            if value is not None and value < minimum
        ]
