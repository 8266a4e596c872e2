"""Schedules of CronJobs: five fields, a macro such as `@daily`, or `@every` with a duration.

The grammar and the error messages are those of the library that Kubernetes uses (robfig/cron, ParseStandard).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS: tuple[tuple[int, int, dict[str, int]], ...] = (
    (0, 59, {}),
    (0, 23, {}),
    (1, 31, {}),
    (1, 12, {name: number for number, name in enumerate(_MONTHS, start=1)}),
    (0, 6, {name: number for number, name in enumerate(_DAYS)}),
)
"""The bounds of minute, hour, day of the month, month and day of the week, and the names of values."""
_MACROS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|s)")
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_MAX_YEARS = 5


class ScheduleError(ValueError):
    """The text is not a schedule; the message says why."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """The values of each field; or, for `@every`, the seconds in `period`."""

    fields: tuple[frozenset[int], ...] = ()
    any_day: tuple[bool, bool] = (True, True)
    """Whether the day of the month, and the day of the week, are left open."""
    period: int = 0

    def next(self, after: datetime, zone: tzinfo = UTC) -> datetime | None:
        """Return the first time after that one, in UTC; None when there is none within five years."""
        after = after.replace(microsecond=0)
        if self.period:
            return after + timedelta(seconds=self.period)
        return next((moment for moment in self._moments(after.astimezone(zone), zone) if moment > after), None)

    def _moments(self, start: datetime, zone: tzinfo) -> Iterator[datetime]:
        minutes, hours = sorted(self.fields[0]), sorted(self.fields[1])
        for offset in range(366 * _MAX_YEARS):
            day = start.date() + timedelta(days=offset)
            if not self._is_day(day.day, day.month, day.isoweekday() % 7):
                continue
            for hour in hours:
                for minute in minutes:
                    local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)
                    moment = local.astimezone(UTC)
                    if moment.astimezone(zone).hour == hour:  # not in the gap when clocks go forward
                        yield moment

    def _is_day(self, day: int, month: int, weekday: int) -> bool:
        """Whether a day is meant: where both kinds of day are given, one of them is enough."""
        if month not in self.fields[3]:
            return False
        matches = day in self.fields[2], weekday in self.fields[4]
        return all(matches) if any(self.any_day) else any(matches)


def parse_schedule(text: str) -> Schedule:
    """Return the schedule; raise ScheduleError for any other text."""
    if text.startswith("@every "):
        return Schedule(period=_period(text, text.removeprefix("@every ")))
    if text.startswith("@") and text not in _MACROS:
        raise ScheduleError(f"unrecognized descriptor: {text}")
    words = _MACROS.get(text, text).split()
    if not words:
        raise ScheduleError("empty spec string")
    if len(words) != len(_FIELDS):
        raise ScheduleError(f"expected exactly 5 fields, found {len(words)}: [{' '.join(words)}]")
    values = tuple(_field(word, *bounds) for word, bounds in zip(words, _FIELDS, strict=True))
    return Schedule(values, (words[2][0] in "*?", words[4][0] in "*?"))


def parse_zone(name: str) -> tzinfo:
    """Return the time zone; raise ScheduleError for a name that is not known."""
    if name in ("", "UTC", "Etc/UTC"):
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ScheduleError(f"unknown time zone {name}") from error


def _period(text: str, duration: str) -> int:
    parts = _DURATION.findall(duration)
    if not parts or "".join(f"{amount}{unit}" for amount, unit in parts) != duration:
        raise ScheduleError(f'failed to parse duration {text}: time: invalid duration "{duration}"')
    return max(int(sum(float(amount) * _UNITS[unit] for amount, unit in parts)), 1)


def _field(text: str, least: int, most: int, names: dict[str, int]) -> frozenset[int]:
    values: set[int] = set()
    for part in text.split(","):
        values |= set(_range(part, least, most, names))
    return frozenset(values)


def _range(text: str, least: int, most: int, names: dict[str, int]) -> range:
    span, *steps = text.split("/")
    low, *high = span.split("-")
    if len(steps) > 1:
        raise ScheduleError(f"too many slashes: {text}")
    if len(high) > 1:
        raise ScheduleError(f"too many hyphens: {text}")
    start, end = (least, most) if low in ("*", "?") else (_number(low, names), 0)
    if low not in ("*", "?"):
        end = _number(high[0], names) if high else most if steps else start
    step = _number(steps[0], {}) if steps else 1
    if start < least:
        raise ScheduleError(f"beginning of range ({start}) below minimum ({least}): {text}")
    if end > most:
        raise ScheduleError(f"end of range ({end}) above maximum ({most}): {text}")
    if start > end:
        raise ScheduleError(f"beginning of range ({start}) beyond end of range ({end}): {text}")
    if step == 0:
        raise ScheduleError(f"step of range should be a positive number: {text}")
    return range(start, end + 1, step)


def _number(text: str, names: dict[str, int]) -> int:
    if text.lower() in names:
        return names[text.lower()]
    if not (text.isascii() and text.isdecimal()):
        raise ScheduleError(f'failed to parse int from {text}: strconv.Atoi: parsing "{text}": invalid syntax')
    return int(text[:9])
