"""What was measured: named series of numbers, and the few statistics that are told of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_MILLISECONDS_BELOW = 10.0


@dataclass(frozen=True, slots=True)
class Figure:
    """One series, in the order in which it was measured."""

    values: tuple[float, ...]
    unit: str
    """`s`, `B` (bytes), or any word that follows a number."""

    @property
    def p50(self) -> float:
        """The median."""
        return percentile(self.values, 50)

    @property
    def p95(self) -> float:
        """What one in twenty exceeds."""
        return percentile(self.values, 95)


@dataclass(frozen=True, slots=True)
class Measured:
    """All figures of a run, by name, and why those that are missing are missing."""

    figures: dict[str, Figure] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    """By the name, or its beginning up to a dot: why it was not measured."""
    facts: dict[str, object] = field(default_factory=dict)
    """What is worth keeping and is no series."""

    def add(self, name: str, values: Sequence[float] | float, unit: str) -> None:
        """Keep a series, or a single number."""
        series = (values,) if isinstance(values, int | float) else tuple(values)
        self.figures[name] = Figure(series, unit)

    def why_missing(self, name: str) -> str:
        """The reason that was given for the name, or for what it is part of."""
        parts = name.split(".")
        beginnings = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
        return next((self.missing[b] for b in beginnings if b in self.missing), "not measured")


def percentile(values: Sequence[float], percent: float) -> float:
    """By linear interpolation between the closest ranks."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * percent / 100
    below, above = ordered[math.floor(place)], ordered[math.ceil(place)]
    return below + (above - below) * (place - math.floor(place))


def told(value: float, unit: str) -> str:
    """A number as a person reads it."""
    match unit:
        case "s" if value < _MILLISECONDS_BELOW:
            return f"{_rounded(value * 1000)} ms"
        case "B" if value < 2**20:
            return f"{_rounded(value / 2**10)} KiB"
        case "B":
            return f"{_rounded(value / 2**20)} MiB"
        case _:
            return f"{_rounded(value)} {unit}"


def _rounded(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def differences(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, int]:
    """What was added to each count."""
    return {key: after[key] - before.get(key, 0) for key in sorted(after) if after[key] != before.get(key, 0)}
