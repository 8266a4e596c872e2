"""Measurements: named series of numbers, and the statistics that the report shows."""

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
    """`s`, `B` (bytes), or any other word to write after the number."""

    @property
    def p50(self) -> float:
        """The median."""
        return percentile(self.values, 50)

    @property
    def p99(self) -> float:
        """The 99th percentile, which one value in a hundred exceeds."""
        return percentile(self.values, 99)

    @property
    def p95(self) -> float:
        """The 95th percentile, which one value in twenty exceeds."""
        return percentile(self.values, 95)


@dataclass(frozen=True, slots=True)
class Measurements:
    """All figures of a run, by name, and the reason for each that is missing."""

    figures: dict[str, Figure] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    """The reason why a figure was not measured, by its name or by a prefix of it up to a dot."""
    facts: dict[str, object] = field(default_factory=dict)
    """Other results, which are not series."""

    def add(self, name: str, values: Sequence[float] | float, unit: str) -> None:
        """Add a series, or a single number."""
        series = (values,) if isinstance(values, int | float) else tuple(values)
        self.figures[name] = Figure(series, unit)

    def why_missing(self, name: str) -> str:
        """Return the reason for this name, or for the longest prefix of it that has one."""
        parts = name.split(".")
        prefixes = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
        return next((self.missing[p] for p in prefixes if p in self.missing), "not measured")


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the percentile, interpolated linearly between the closest ranks."""
    ordered = sorted(values)
    rank = (len(ordered) - 1) * percent / 100
    below, above = ordered[math.floor(rank)], ordered[math.ceil(rank)]
    return below + (above - below) * (rank - math.floor(rank))


def format_value(value: float, unit: str) -> str:
    """Return a number with its unit, rounded for people."""
    match unit:
        case "s" if value < _MILLISECONDS_BELOW:
            return f"{_round(value * 1000)} ms"
        case "B" if value < 2**20:
            return f"{_round(value / 2**10)} KiB"
        case "B":
            return f"{_round(value / 2**20)} MiB"
        case _:
            return f"{_round(value)} {unit}"


def _round(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def differences(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, int]:
    """Return how much each count has grown, without those that have not."""
    return {key: after[key] - before.get(key, 0) for key in sorted(after) if after[key] != before.get(key, 0)}
