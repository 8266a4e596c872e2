"""The string formats of schemas."""

from __future__ import annotations

import pytest

from kubernaut_cel.formats import has_format


@pytest.mark.parametrize(
    ("name", "value", "valid"),
    [
        ("date-time", "2030-01-02T03:04:05Z", True),
        ("date-time", "2030-01-02T03:04:05.678+01:00", True),
        ("date-time", "2030-01-02", False),
        ("date-time", "2030-13-02T03:04:05Z", False),
        ("date", "2030-01-02", True),
        ("date", "2030-02-30", False),
        ("uuid", "11111111-2222-3333-4444-555555555555", True),
        ("uuid", "1111", False),
        ("unknown", "anything", True),
    ],
)
def test_a_format_is_checked_where_it_is_known(name: str, value: str, valid: bool) -> None:
    assert has_format(name, value) is valid
