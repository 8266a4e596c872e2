"""Validation of amounts that are a number or a percentage."""

from __future__ import annotations

import re
from typing import Any

from kubernaut_sandbox.model.statuses import Cause, invalid_value

_PERCENT_MESSAGE = (
    "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for "
    "validation is '[0-9]+%')"
)
_PERCENT = re.compile(r"^[0-9]+%$")


def amount_causes(field: str, amount: Any) -> list[Cause]:
    """Return the causes for an amount that is neither a number from 0 nor a percentage up to 100%."""
    if isinstance(amount, str):
        if not _PERCENT.match(amount):
            return [invalid_value(field, amount, _PERCENT_MESSAGE)]
        if int(amount[:-1]) > 100:
            return [invalid_value(field, amount, "must not be greater than 100%")]
    elif amount is not None and amount < 0:
        return [invalid_value(field, amount, "must be greater than or equal to 0")]
    return []
