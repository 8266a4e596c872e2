"""Times in whole seconds are refined by our own observation."""

from datetime import UTC, datetime, timedelta

import pytest

from kubernaut.api.timestamps import from_epoch, micro_time, parse_time, refine_timestamp

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("first_seen", "refined"),
    [
        pytest.param(0.3, 0.3, id="within its second"),
        pytest.param(1.3, 0, id="after its second"),
        pytest.param(-0.1, 0, id="before it"),
        pytest.param(None, 0, id="not observed"),
    ],
)
def test_a_timestamp_is_refined_only_within_its_own_second(first_seen, refined):
    observed = None if first_seen is None else NOON + timedelta(seconds=first_seen)
    assert refine_timestamp(NOON, observed) == NOON + timedelta(seconds=refined)


def test_a_micro_time_is_read_back_as_it_was():
    time = NOON + timedelta(microseconds=5)
    assert micro_time(time) == "2026-05-01T12:00:00.000005Z"
    assert parse_time(micro_time(time)) == time
    assert (parse_time(None), parse_time("")) == (None, None)
    assert from_epoch(time.timestamp()) == time
