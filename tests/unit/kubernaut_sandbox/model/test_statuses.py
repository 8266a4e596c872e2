"""Errors as Status objects."""

from __future__ import annotations

from typing import Any

import pytest

from kubernaut_sandbox.model.statuses import format_value, invalid, invalid_value, required, too_large


def test_several_causes_are_listed_in_message_and_details() -> None:
    status = invalid("Job.batch", "one", [required("spec.a"), invalid_value("spec.b", True, "must be false")]).status()
    listed = "[spec.a: Required value, spec.b: Invalid value: true: must be false]"
    assert status["message"] == f'Job.batch "one" is invalid: {listed}'
    assert status["details"] | {"causes": None} == {"name": "one", "group": "batch", "kind": "Job", "causes": None}
    assert [cause["reason"] for cause in status["details"]["causes"]] == ["FieldValueRequired", "FieldValueInvalid"]


def test_the_time_to_retry_after_is_in_the_details() -> None:
    error = too_large("too much")
    assert "details" not in error.status()
    error.retry_after = 7
    assert error.status()["details"] == {"retryAfterSeconds": 7}


@pytest.mark.parametrize(
    ("value", "text"),
    [("a", '"a"'), (None, "null"), (False, "false"), (3, "3"), ({"a": [1]}, '{"a":[1]}')],
)
def test_a_value_is_formatted_as_go_prints_it(value: Any, text: str) -> None:
    assert format_value(value) == text
