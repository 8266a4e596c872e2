"""Kubernetes quantities."""

from __future__ import annotations

from decimal import Decimal

import pytest

from kubernaut_cel.quantities import parse_quantity


@pytest.mark.parametrize(
    ("text", "value"),
    [("100m", "0.1"), ("128Mi", "134217728"), (2, "2"), ("1e3", "1000"), ("0.5", "0.5"), ("3k", "3000")],
)
def test_a_quantity_is_parsed_as_a_number(text: str | int, value: str) -> None:
    assert parse_quantity(text) == Decimal(value)


@pytest.mark.parametrize("text", ["", "Mi", "12 Mi", "1Q", "--1"])
def test_text_that_is_not_a_quantity_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="quantities must match the regular expression"):
        parse_quantity(text)
