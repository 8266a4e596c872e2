"""Times as kubectl shows them: how long ago, in at most two units."""

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
"""Below how many seconds which unit is shown, and which smaller one beside it."""


def age(when: str | None) -> str:
    """How long ago that was; `<unknown>` for none."""
    if not when:
        return "<unknown>"
    return human(seconds_since(when))


def between(start: str | None, end: str | None) -> str | None:
    """How long it took, or has taken."""
    if not start:
        return None
    return human((parse_time(end) - parse_time(start)).total_seconds()) if end else age(start)


def human(seconds: float) -> str:
    """As k8s.io/apimachinery's HumanDuration: fewer units the longer it is."""
    whole = max(int(seconds), 0)
    big, small = next(((big, small) for limit, big, small in _STEPS if whole < limit), ("y", ""))
    text = f"{whole // _UNITS[big]}{big}"
    rest = whole % _UNITS[big] // _UNITS[small] if small else 0
    return f"{text}{rest}{small}" if rest else text
