"""Lists: `isSorted`, `sum`, `min`, `max`, `indexOf` and `lastIndexOf`."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

from kubernaut_sandbox.cel.functions import Overload, Type

_SUMMABLE = (Type.INT, Type.UINT, Type.DOUBLE, Type.DURATION)
_COMPARABLE = (*_SUMMABLE, Type.BOOL, Type.STRING, Type.TIMESTAMP, Type.BYTES)


def _is_sorted(items: list[Any]) -> bool:
    return all(first <= second for first, second in pairwise(items))


def _sum(items: list[Any]) -> Any:
    return sum(items, timedelta()) if items and isinstance(items[0], timedelta) else sum(items)


def _min(items: list[Any]) -> Any:
    if not items:
        raise ValueError("min called on empty list")
    return min(items)


def _max(items: list[Any]) -> Any:
    if not items:
        raise ValueError("max called on empty list")
    return max(items)


def _index_of(items: list[Any], item: Any) -> int:
    return items.index(item) if item in items else -1


def _last_index_of(items: list[Any], item: Any) -> int:
    return len(items) - 1 - items[::-1].index(item) if item in items else -1


OVERLOADS = (
    *(Overload("isSorted", (Type.List(kind),), Type.BOOL, _is_sorted) for kind in _COMPARABLE),
    *(Overload("sum", (Type.List(kind),), kind, _sum) for kind in _SUMMABLE),
    *(Overload("min", (Type.List(kind),), kind, _min) for kind in _COMPARABLE),
    *(Overload("max", (Type.List(kind),), kind, _max) for kind in _COMPARABLE),
    Overload("indexOf", (Type.LIST, Type.DYN), Type.INT, _index_of),
    Overload("lastIndexOf", (Type.LIST, Type.DYN), Type.INT, _last_index_of),
)
