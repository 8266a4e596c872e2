"""Times and durations as people read and write them; machines get ISO 8601, unchanged."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from kubernaut.api.timestamps import parse_time
from kubernaut.errors import InputError

_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_LENGTH = re.compile(r"(\d{1,6})([smhdw])")


def format_duration(seconds: float) -> str:
    """Return a duration as precisely as it is short: `0.4 ms`, `23 ms`, `4.2 s`, `3m10s`."""
    if seconds < 0.00995:
        return f"{seconds * 1000:.1f} ms"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.1f} s" if seconds < 120 else format_age(seconds)


def format_measured(seconds: float) -> str:
    """Return the duration of a stage: 0 means `under 1 s`, as the kubelet's clock has whole seconds only."""
    return format_duration(seconds) if seconds else "under 1 s"


def format_age(seconds: float) -> str:
    """Return a duration in one or two units, as kubectl writes an age: `45s`, `3m10s`, `5h`, `12d`."""
    whole = max(0, int(seconds))
    if whole < 120:
        return f"{whole}s"
    if whole < 600:
        return _two_units(whole, (60, "m"), (1, "s"))
    if whole < 10_800:
        return f"{whole // 60}m"
    if whole < 28_800:
        return _two_units(whole, (3600, "h"), (60, "m"))
    return f"{whole // 3600}h" if whole < 172_800 else f"{whole // 86_400}d"


def _two_units(whole: int, large: tuple[int, str], small: tuple[int, str]) -> str:
    rest = whole % large[0] // small[0]
    return f"{whole // large[0]}{large[1]}" + (f"{rest}{small[1]}" if rest else "")


def age(time: str | None, now: datetime) -> str:
    """Return how long ago an API server's timestamp is; "" for an absent one."""
    parsed = parse_time(time)
    return format_age((now - parsed).total_seconds()) if parsed else ""


def format_time(time: str | None) -> str:
    """Return an API server's timestamp to the second, in UTC; "" for an absent one."""
    parsed = parse_time(time)
    return parsed.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if parsed else ""


def parse_since(text: str, now: datetime) -> datetime:
    """Return the time that `--since` names: `24h`, `7d`, or an ISO 8601 date or time (UTC if it has no zone).

    Raises InputError for anything else.
    """
    length = _LENGTH.fullmatch(text.strip())
    try:
        if length:
            return now - timedelta(seconds=int(length[1]) * _UNIT_SECONDS[length[2]])
        time = datetime.fromisoformat(text.strip())
    except (ValueError, OverflowError) as error:
        raise InputError(
            f"--since {text}: write a length such as 24h or 7d, or a time such as 2026-11-01T09:00"
        ) from error
    return time if time.tzinfo else time.replace(tzinfo=UTC)
