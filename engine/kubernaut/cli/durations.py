"""Times and durations as a person reads and writes them; machines get ISO 8601, untouched."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from kubernaut.api.timestamps import parse_time
from kubernaut.errors import InputError

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_SPAN = re.compile(r"(\d{1,6})([smhdw])")


def format_duration(duration: float) -> str:
    """How long something took: `0.4 ms`, `23 ms`, `4.2 s`, `3m10s`."""
    if duration < 0.00995:
        return f"{duration * 1000:.1f} ms"
    if duration < 0.9995:
        return f"{duration * 1000:.0f} ms"
    return f"{duration:.1f} s" if duration < 120 else format_age(duration)


def format_age(duration: float) -> str:
    """A length of time in one or two units, as kubectl writes an age: `45s`, `3m10s`, `5h`, `12d`."""
    whole = max(0, int(duration))
    if whole < 120:
        return f"{whole}s"
    if whole < 600:
        return _two(whole, 60, "m", 1, "s")
    if whole < 10_800:
        return f"{whole // 60}m"
    if whole < 28_800:
        return _two(whole, 3600, "h", 60, "m")
    return f"{whole // 3600}h" if whole < 172_800 else f"{whole // 86_400}d"


def _two(whole: int, large: int, large_unit: str, small: int, small_unit: str) -> str:
    rest = whole % large // small
    return f"{whole // large}{large_unit}" + (f"{rest}{small_unit}" if rest else "")


def age(since: str | None, now: datetime) -> str:
    """How long ago this was; "" for what has not been."""
    time = parse_time(since)
    return format_age((now - time).total_seconds()) if time else ""


def format_time(time: str | None) -> str:
    """A point in time, to the second, in UTC as the cluster has it; "" for what has not been."""
    parsed = parse_time(time)
    return parsed.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if parsed else ""


def seconds(stage: Mapping[str, Any]) -> float:
    """How long a stage took; 0 while it lasts."""
    began, ended = parse_time(stage["startTime"]), parse_time(stage.get("endTime"))
    return (ended - began).total_seconds() if began and ended else 0.0


def parse_since(text: str, now: datetime) -> datetime:
    """`24h`, `7d`, or a date or time in ISO 8601 (UTC where it names no zone); raises InputError for anything else."""
    short = _SPAN.fullmatch(text.strip())
    try:
        if short:
            return now - timedelta(seconds=int(short[1]) * _UNITS[short[2]])
        time = datetime.fromisoformat(text.strip())
    except (ValueError, OverflowError) as error:
        raise InputError(
            f"--since {text}: write a length such as 24h or 7d, or a time such as 2026-11-01T09:00"
        ) from error
    return time if time.tzinfo else time.replace(tzinfo=UTC)
