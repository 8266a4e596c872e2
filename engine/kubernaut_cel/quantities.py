"""Kubernetes quantities (100m, 128Mi, 2) as numbers."""

from __future__ import annotations

import re
from decimal import Decimal

_SUFFIXES = {
    "": Decimal(1),
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    **{letter: Decimal(10) ** (3 * power) for power, letter in enumerate("kMGTPE", start=1)},
    **{f"{letter}i": Decimal(2) ** (10 * power) for power, letter in enumerate("KMGTPE", start=1)},
}
_QUANTITY = re.compile(
    r"^([+-]?[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(n|u|m|k|Ki|M|Mi|G|Gi|T|Ti|P|Pi|E|Ei|)(?:[eE]([+-]?[0-9]+))?$"
)
PATTERN = r"^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$"
"""The expression that Kubernetes' own error message gives."""


def parse_quantity(text: str | int | float) -> Decimal:
    """Return the number; raise ValueError when the text is not a valid quantity."""
    match = _QUANTITY.match(str(text))
    if not match:
        raise ValueError(f"quantities must match the regular expression '{PATTERN}'")
    return Decimal(match[1]) * _SUFFIXES[match[2]] * Decimal(10) ** int(match[3] or 0)
