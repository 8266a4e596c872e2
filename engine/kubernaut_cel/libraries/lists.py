"""Lists: `isSorted`, `sum`, `min`, `max`, `indexOf` and `lastIndexOf`.

The runtime takes no duration or time of unknown type from Python, so there is no sum, minimum or maximum of them.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from kubernaut_cel.functions import Overload, Type

_NUMBERS = (Type.INT, Type.UINT, Type.DOUBLE)
_COMPARABLE = (*_NUMBERS, Type.BOOL, Type.STRING, Type.BYTES)


def _is_sorted(items: list[Any]) -> bool:
    return all(first <= second for first, second in pairwise(items))


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
    *(
        Overload("isSorted", (Type.List(kind),), Type.BOOL, _is_sorted)
        for kind in (*_COMPARABLE, Type.DURATION, Type.TIMESTAMP)
    ),
    *(Overload("sum", (Type.List(kind),), kind, sum) for kind in _NUMBERS),
    *(Overload("min", (Type.List(kind),), kind, _min) for kind in _COMPARABLE),
    *(Overload("max", (Type.List(kind),), kind, _max) for kind in _COMPARABLE),
    Overload("indexOf", (Type.LIST, Type.DYN), Type.INT, _index_of),
    Overload("lastIndexOf", (Type.LIST, Type.DYN), Type.INT, _last_index_of),
)
