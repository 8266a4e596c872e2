"""The times of a schedule."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from kubernaut_sandbox.model.schedules import ScheduleError, parse_schedule, parse_zone


@pytest.mark.parametrize(
    ("text", "after", "expected"),
    [
        ("* * * * *", "2030-01-01T00:00:30", "2030-01-01T00:01:00"),
        ("*/15 9-17 * * mon-fri", "2030-01-04T17:45:00", "2030-01-07T09:00:00"),
        ("0 0 29 2 *", "2030-01-01T00:00:00", "2032-02-29T00:00:00"),
        ("0 0 13 * fri", "2030-01-01T00:00:00", "2030-01-04T00:00:00"),
        ("0 0 13 * *", "2030-01-01T00:00:00", "2030-01-13T00:00:00"),
        ("@hourly", "2030-01-01T00:00:00", "2030-01-01T01:00:00"),
        ("@weekly", "2030-01-01T00:00:00", "2030-01-06T00:00:00"),
        ("@every 1h30m", "2030-01-01T00:00:10.5", "2030-01-01T01:30:10"),
        ("50/5 * * * *", "2030-01-01T00:51:00", "2030-01-01T00:55:00"),
    ],
)
def test_the_next_time_of_a_schedule(text: str, after: str, expected: str) -> None:
    start = datetime.fromisoformat(after).replace(tzinfo=UTC)
    assert parse_schedule(text).next(start) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_a_day_that_never_comes_has_no_time() -> None:
    assert parse_schedule("0 0 31 2 *").next(datetime(2030, 1, 1, tzinfo=UTC)) is None


def test_a_schedule_follows_its_zone_and_skips_the_hour_that_does_not_exist() -> None:
    zone = parse_zone("Europe/Berlin")
    daily = parse_schedule("30 2 * * *")
    before = datetime(2030, 3, 30, 12, tzinfo=UTC)
    assert daily.next(before, zone) == datetime(2030, 4, 1, 0, 30, tzinfo=UTC)
    assert parse_schedule("0 12 * * *").next(before, zone) == datetime(2030, 3, 31, 10, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "1-2-3 * * * *", "1/2/3 * * * *", "5-1 * * * *", "-1 * * * *", "* * * foo *"])
def test_other_texts_are_not_schedules(text: str) -> None:
    with pytest.raises(ScheduleError):
        parse_schedule(text)
