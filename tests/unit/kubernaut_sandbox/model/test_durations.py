"""Durations as kubectl shows them."""

from __future__ import annotations

import pytest

from kubernaut_sandbox.model.durations import duration_between, human_duration


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0s"),
        (119, "119s"),
        (120, "2m"),
        (599, "9m59s"),
        (600, "10m"),
        (3 * 3600, "3h"),
        (3 * 3600 + 60, "3h1m"),
        (8 * 3600 + 60, "8h"),
        (2 * 86400 + 3600, "2d1h"),
        (8 * 86400 + 3600, "8d"),
        (3 * 365 * 86400 + 86400, "3y1d"),
        (9 * 365 * 86400, "9y"),
    ],
)
def test_a_duration_has_at_most_two_units(seconds: float, text: str) -> None:
    assert human_duration(seconds) == text


def test_without_a_start_there_is_no_duration() -> None:
    assert duration_between(None, None) is None
    assert duration_between("2030-01-01T00:00:00Z", "2030-01-01T00:01:00Z") == "60s"
