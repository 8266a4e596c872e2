"""What a value must be: the parameters that are bounds, in the order in which messages name them."""

from __future__ import annotations

import operator

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Comparison = Callable[[float, float], bool]

BOUNDS: dict[str, tuple[Comparison, str]] = {
    "above": (operator.gt, "above"),
    "atLeast": (operator.ge, "at least"),
    "equals": (operator.eq, "equal to"),
    "atMost": (operator.le, "at most"),
    "below": (operator.lt, "below"),
}
_LOWER, _UPPER, _OPEN = ("above", "atLeast", "equals"), ("below", "atMost", "equals"), ("above", "below")


def is_within(value: float, given: Mapping[str, float]) -> bool:
    """Whether the value is within all bounds that are given; NaN is within none."""
    return all(BOUNDS[name][0](value, bound) for name, bound in given.items())


def requirement(given: Mapping[str, float]) -> str:
    """Return what the value must be, as in `at least 1 and at most 5`."""
    return " and ".join(f"{words} {given[name]:.15g}" for name, (_, words) in BOUNDS.items() if name in given)


def contradiction(given: Mapping[str, float]) -> str:
    """Return that no value is within two of the bounds, or ""."""
    for low in _LOWER:
        for high in _UPPER:
            if low == high or low not in given or high not in given:
                continue
            is_open = low in _OPEN or high in _OPEN
            if given[low] > given[high] or (is_open and given[low] == given[high]):
                return f"no value is {requirement({low: given[low], high: given[high]})}: change {low} or {high}"
    return ""
