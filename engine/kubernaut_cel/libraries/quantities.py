"""Quantities such as `1Gi` and `200m`: parsed, compared, added. Equal amounts are equal however they are written."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from kubernaut_cel.functions import Overload, Type, own_type
from kubernaut_cel.quantities import parse_quantity

QUANTITY = own_type("kubernetes.Quantity")
_BOTH = (QUANTITY, QUANTITY)
_AMOUNT = "amount"


def _quantity(text: str) -> dict[str, str]:
    return _record(parse_quantity(text))


def _record(amount: Any) -> dict[str, str]:
    return {_AMOUNT: str(Decimal(amount).normalize())}


def _amount(value: dict[str, str] | int) -> Decimal:
    return Decimal(value) if isinstance(value, int) else Decimal(value[_AMOUNT])


def _is_quantity(text: str) -> bool:
    try:
        parse_quantity(text)
    except ValueError:
        return False
    return True


def _as_integer(value: dict[str, str]) -> int:
    if not _is_integer(value):
        raise ValueError("cannot convert value to integer")
    return int(_amount(value))


def _is_integer(value: dict[str, str]) -> bool:
    amount = _amount(value)
    return amount == amount.to_integral_value() and -(1 << 63) <= amount < 1 << 63


def _compare(first: dict[str, str], second: dict[str, str]) -> int:
    return int(_amount(first).compare(_amount(second)))


OVERLOADS = (
    Overload("quantity", (Type.STRING,), QUANTITY, _quantity, member=False),
    Overload("isQuantity", (Type.STRING,), Type.BOOL, _is_quantity, member=False),
    Overload("sign", (QUANTITY,), Type.INT, lambda value: int(_amount(value).compare(Decimal())), member=False),
    Overload("isGreaterThan", _BOTH, Type.BOOL, lambda first, second: _compare(first, second) > 0),
    Overload("isLessThan", _BOTH, Type.BOOL, lambda first, second: _compare(first, second) < 0),
    Overload("compareTo", _BOTH, Type.INT, _compare),
    Overload("asApproximateFloat", (QUANTITY,), Type.DOUBLE, lambda value: float(_amount(value))),
    Overload("asInteger", (QUANTITY,), Type.INT, _as_integer),
    Overload("isInteger", (QUANTITY,), Type.BOOL, _is_integer),
    Overload("add", _BOTH, QUANTITY, lambda first, second: _record(_amount(first) + _amount(second))),
    Overload("add", (QUANTITY, Type.INT), QUANTITY, lambda first, second: _record(_amount(first) + _amount(second))),
    Overload("sub", _BOTH, QUANTITY, lambda first, second: _record(_amount(first) - _amount(second))),
    Overload("sub", (QUANTITY, Type.INT), QUANTITY, lambda first, second: _record(_amount(first) - _amount(second))),
)
