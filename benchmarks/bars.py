"""What a figure has to reach: a number, or a multiple of another figure of the same run, which the machine slows down just as much."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.figures import Figure, Measurements, format_value

MET, MISSED = "met", "**missed**"


@dataclass(frozen=True, slots=True)
class Bar:
    """The most that a figure's median is allowed to be, or the least; either `number`, or `times` the median of `of`."""

    number: float = 0.0
    """In the figure's own unit."""
    times: float = 0.0
    of: str = ""
    """The name of a figure of the run."""
    otherwise: str = ""
    """The name of the figure that is used where `of` was not measured."""
    at_least: bool = False
    """Whether more is better."""

    def yardstick(self, measurements: Measurements) -> str:
        """Return the name of the figure that the bar is a multiple of; "" for a number."""
        return self.otherwise if self.otherwise and self.of not in measurements.figures else self.of

    def limit(self, measurements: Measurements) -> float | None:
        """Return the bar in the figure's own unit; None where its yardstick was not measured."""
        name = self.yardstick(measurements)
        if not name:
            return self.number
        figure = measurements.figures.get(name)
        return None if figure is None else self.times * figure.p50

    def is_met(self, figure: Figure, limit: float) -> bool:
        """Whether the median meets the limit."""
        return figure.p50 >= limit if self.at_least else figure.p50 <= limit

    def show(self, unit: str, measurements: Measurements, labels: Mapping[str, str]) -> str:
        """Return the bar as text; `labels` has the name of each yardstick for people."""
        sign, limit, name = ">=" if self.at_least else "<=", self.limit(measurements), self.yardstick(measurements)
        if not name:
            return f"{sign} {format_value(self.number, unit)}"
        value = "" if limit is None else f" = {format_value(limit, unit)}"
        return f"{sign} {self.times:g} times {labels.get(name, name)}{value}"


def verdict(figure: Figure, bars: Sequence[Bar], measurements: Measurements, labels: Mapping[str, str]) -> str:
    """Return `met` or `**missed**`, and `-` with the reason for a bar whose yardstick was not measured."""
    limits = [(bar, bar.limit(measurements)) for bar in bars]
    met = [bar.is_met(figure, limit) for bar, limit in limits if limit is not None]
    if not all(met):
        return MISSED
    unknown = list(_unknown([bar for bar, limit in limits if limit is None], measurements, labels))
    return "; ".join([*([MET] if met else []), *unknown]) or "-"


def _unknown(bars: Sequence[Bar], measurements: Measurements, labels: Mapping[str, str]) -> Iterator[str]:
    for bar in bars:
        name = bar.yardstick(measurements)
        yield f"- ({labels.get(name, name)}: {measurements.why_missing(name)})"
