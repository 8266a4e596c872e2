"""Amounts that are a number or a percentage (`2`, `25%`), as numbers."""

from __future__ import annotations

from math import ceil, floor


def scaled(amount: int | str, total: int, *, round_up: bool) -> int:
    """Return the amount as a number; a percentage is one of the total, rounded up or down."""
    if isinstance(amount, int):
        return amount
    share = int(amount.rstrip("%")) * total / 100
    return ceil(share) if round_up else floor(share)
