"""A pydantic error as one line: fields, what is wrong, and the value in brief."""

import pytest
from pydantic import BaseModel, ValidationError

from kubernaut.validation_errors import brief, format_validation_error


class Closed(BaseModel, extra="forbid"):
    """A model."""

    a: int
    b: list[int] = []


def message(known=(), **given):
    with pytest.raises(ValidationError) as caught:
        Closed.model_validate(given)
    return format_validation_error(caught.value, "spec", "setting", known)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "spec.a: is required"),
        ({"a": 1, "c": 2}, "spec.c: there is no such setting (got 2)"),
        (
            {"a": 1, "b": [1, "x"]},
            "spec.b.1: input should be a valid integer, unable to parse string as an integer (got 'x')",
        ),
    ],
)
def test_each_problem_names_its_field_and_value(given, expected):
    assert message(**given) == expected


ALL = "; there are name, replicas"


@pytest.mark.parametrize(("given", "near"), [("nmae", "; did you mean name?"), ("port", ALL), ("namespace", ALL)])
def test_an_unknown_field_is_compared_with_those_that_exist_and_they_are_listed_if_none_is_alike(given, near):
    expected = f"spec.{given}: there is no such setting{near} (got 2)"
    assert message(known=("name", "replicas"), a=1, **{given: 2}) == expected


def test_many_fields_are_not_listed():
    many = [f"field{number}" for number in range(13)]
    assert message(known=many, a=1, c=2) == "spec.c: there is no such setting (got 2)"


def test_long_values_and_many_problems_are_cut():
    assert brief("x" * 100) == f"'{'x' * 59}… (102 characters)"
    assert message(a=1, b=["x"] * 9).endswith("; and 4 more")
