"""Parameters are parsed strictly; any exception of a plugin's own validators becomes a rejection."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import field_validator

from kubernaut import Parameters
from kubernaut.admission.decisions import Rejected
from kubernaut.admission.parameters import depth, parse_parameters


class Scale(Parameters):
    """Parameters with a validator that fails in its own way."""

    name: str
    replicas: int

    @field_validator("name")
    @classmethod
    def _broken(cls, value):
        if value == "broken":
            raise KeyError("x")
        return value


def nested(levels):
    value = 1
    for _ in range(levels):
        value = [value]
    return value


def test_valid_parameters_become_an_instance_of_the_model():
    assert parse_parameters(Scale, {"name": "web", "replicas": 3}) == Scale(name="web", replicas=3)


@pytest.mark.parametrize(
    ("given", "reason", "message"),
    [
        pytest.param(
            {"name": "web", "replicas": "3"},
            "InvalidParameters",
            "parameters.replicas: input should be",
            id="text for a number",
        ),
        pytest.param(
            {"name": "web", "replicas": 3, "x": 1},
            "InvalidParameters",
            "there is no such parameter of this action",
            id="unknown",
        ),
        pytest.param(
            {"name": nested(60), "replicas": 3}, "InvalidParameters", "more than 50 levels", id="nested too deeply"
        ),
        pytest.param(
            {"name": "x" * 100_000, "replicas": 3}, "InvalidParameters", "97 KiB exceed the 96 KiB", id="too large"
        ),
        pytest.param(
            {"name": "broken", "replicas": 3},
            "PluginError",
            "the parameters model raised KeyError: 'x'",
            id="a broken validator",
        ),
    ],
)
def test_invalid_parameters_are_rejected_with_the_reason(given, reason, message):
    rejected = parse_parameters(Scale, given)
    assert isinstance(rejected, Rejected)
    assert (rejected.reason, message in rejected.message) == (reason, True), rejected.message


@given(st.integers(0, 200))
def test_depth_counts_nested_levels(levels):
    assert depth(nested(levels)) == levels + 1
