"""Durations as kubectl shows them, in at most two units."""

from __future__ import annotations

from kubernaut_sandbox.model.objects import parse_time, seconds_since

_MINUTE, _HOUR, _DAY, _YEAR = 60, 3600, 86400, 365 * 86400
_UNITS = {"s": 1, "m": _MINUTE, "h": _HOUR, "d": _DAY, "y": _YEAR}
_STEPS = (
    (2 * _MINUTE, "s", ""),
    (10 * _MINUTE, "m", "s"),
    (3 * _HOUR, "m", ""),
    (8 * _HOUR, "h", "m"),
    (2 * _DAY, "h", ""),
    (8 * _DAY, "d", "h"),
    (2 * _YEAR, "d", ""),
    (8 * _YEAR, "y", "d"),
)
"""A limit in seconds, the unit for durations below it, and the smaller unit beside that."""


def age(when: str | None) -> str:
    """Return how long ago the time was; `<unknown>` for None."""
    if not when:
        return "<unknown>"
    return human_duration(seconds_since(when))


def duration_between(start: str | None, end: str | None) -> str | None:
    """Return the duration from start to end, or until now without an end; None without a start."""
    if not start:
        return None
    return human_duration((parse_time(end) - parse_time(start)).total_seconds()) if end else age(start)


def human_duration(seconds: float) -> str:
    """Format a duration as HumanDuration of k8s.io/apimachinery does: the longer it is, the coarser the unit."""
    whole = max(int(seconds), 0)
    big, small = next(((big, small) for limit, big, small in _STEPS if whole < limit), ("y", ""))
    text = f"{whole // _UNITS[big]}{big}"
    rest = whole % _UNITS[big] // _UNITS[small] if small else 0
    return f"{text}{rest}{small}" if rest else text
