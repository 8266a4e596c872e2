"""Lists as sets: `sets.contains`, `sets.equivalent` and `sets.intersects`."""

from __future__ import annotations

from typing import Any

from kubernaut_cel.functions import Overload, Type

_LISTS = (Type.LIST, Type.LIST)


def _contains(items: list[Any], wanted: list[Any]) -> bool:
    return all(item in items for item in wanted)


def _equivalent(first: list[Any], second: list[Any]) -> bool:
    return _contains(first, second) and _contains(second, first)


def _intersects(first: list[Any], second: list[Any]) -> bool:
    return any(item in second for item in first)


OVERLOADS = (
    Overload("sets.contains", _LISTS, Type.BOOL, _contains, member=False),
    Overload("sets.equivalent", _LISTS, Type.BOOL, _equivalent, member=False),
    Overload("sets.intersects", _LISTS, Type.BOOL, _intersects, member=False),
)
