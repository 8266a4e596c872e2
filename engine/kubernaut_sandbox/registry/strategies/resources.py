"""Validation of the resources of a container: their names, amounts, and requests against limits."""

from __future__ import annotations

from kubernaut_cel.quantities import parse_quantity
from kubernaut_sandbox.model.objects import Object
from kubernaut_sandbox.model.statuses import Cause, invalid_value, required

_STANDARD = ("cpu", "memory", "ephemeral-storage")
_UNKNOWN = ("must be a standard resource type or fully qualified", "must be a standard resource for containers")


def resource_causes(resources: Object, at: str) -> list[Cause]:
    """Return a cause for every invalid amount or name, and for requests that their limits do not allow."""
    causes = []
    for kind in ("limits", "requests"):
        for name, amount in (resources.get(kind) or {}).items():
            causes += _amount_causes(name, amount, f"{at}.{kind}[{name}]")
    if causes:
        return causes
    limits = resources.get("limits") or {}
    for name, amount in (resources.get("requests") or {}).items():
        causes += _limit_causes(name, amount, limits.get(name), at)
    return causes


def _amount_causes(name: str, amount: str, at: str) -> list[Cause]:
    causes = [] if _is_standard(name) or "/" in name else [invalid_value(at, name, detail) for detail in _UNKNOWN]
    try:
        number = parse_quantity(amount)
    except ValueError as error:
        return [*causes, invalid_value(at, amount, str(error))]
    if number < 0:
        causes.append(invalid_value(at, amount, "must be greater than or equal to 0"))
    if "/" in name and number % 1:
        causes.append(invalid_value(at, amount, "must be an integer"))
    return causes


def _limit_causes(name: str, amount: str, limit: str | None, at: str) -> list[Cause]:
    """Return the cause for a request above its limit; extended resources need a limit, which the request equals."""
    exact = not _is_standard(name) or name.startswith("hugepages-")
    if limit is None:
        return [required(f"{at}.limits", "Limit must be set for non overcommitable resources")] if exact else []
    if exact and parse_quantity(amount) != parse_quantity(limit):
        return [invalid_value(f"{at}.requests", amount, f"must be equal to {name} limit of {limit}")]
    if parse_quantity(amount) > parse_quantity(limit):
        return [invalid_value(f"{at}.requests", amount, f"must be less than or equal to {name} limit of {limit}")]
    return []


def _is_standard(name: str) -> bool:
    return name in _STANDARD or name.startswith("hugepages-")
