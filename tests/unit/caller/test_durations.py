"""Times and durations as people read and write them."""

from datetime import UTC, datetime

import pytest

from kubernaut.caller.durations import age, format_age, format_duration, format_measured, format_time, parse_since
from kubernaut.errors import InputError

NOW = datetime(2026, 11, 8, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (119.9, "119s"), (190, "3m10s"), (300, "5m"), (3600, "60m"), (10_800, "3h"),
     (12_000, "3h20m"), (90_000, "25h"), (1e6, "11d"), (-5, "0s")],
)  # fmt: skip
def test_an_age_has_one_or_two_units(seconds, text):
    assert format_age(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0004, "0.4 ms"), (0.0234, "23 ms"), (0.9996, "1.0 s"), (4.25, "4.2 s"), (200, "3m20s")]
)
def test_a_duration_is_as_precise_as_it_is_short(seconds, text):
    assert format_duration(seconds) == text


def test_an_age_is_counted_from_now():
    assert age("2026-11-08T11:57:00Z", NOW) == "3m"
    assert age(None, NOW) == ""


def test_a_time_is_shown_in_utc_to_the_second():
    assert format_time("2026-11-08T12:00:01.999999+01:00") == "2026-11-08 11:00:01"
    assert format_time(None) == ""


def test_a_stage_that_the_clock_measures_as_zero_took_under_a_second():
    assert format_measured(0) == "under 1 s"
    assert format_measured(0.25) == "250 ms"


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("24h", datetime(2026, 11, 7, 12, tzinfo=UTC)),
        ("7d", datetime(2026, 11, 1, 12, tzinfo=UTC)),
        ("2026-11-01", datetime(2026, 11, 1, tzinfo=UTC)),
        ("2026-11-01T09:30", datetime(2026, 11, 1, 9, 30, tzinfo=UTC)),
        ("2026-11-01T09:30:00Z", datetime(2026, 11, 1, 9, 30, tzinfo=UTC)),
        ("2026-11-01T09:30:00+02:00", datetime(2026, 11, 1, 7, 30, tzinfo=UTC)),
    ],
)
def test_since_takes_a_length_or_a_time(text, time):
    assert parse_since(text, NOW) == time


@pytest.mark.parametrize("text", ["yesterday", "7x", "", "999999w", "-3h", "2026-13-01"])
def test_any_other_since_is_refused_with_examples(text):
    with pytest.raises(InputError, match="write a length such as 24h or 7d, or a time such as 2026-11-01T09:00"):
        parse_since(text, NOW)
