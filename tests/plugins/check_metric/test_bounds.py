"""What a value must be."""

import math

import pytest

from kubernaut_check_metric.bounds import contradiction, is_within, requirement


@pytest.mark.parametrize(
    ("given", "inside", "outside"),
    [
        ({"below": 5}, [4.999, -1], [5, 6]),
        ({"atMost": 5}, [5, 4], [5.001]),
        ({"equals": 5}, [5.0], [4.999, 5.001]),
        ({"atLeast": 5}, [5, 6], [4.999]),
        ({"above": 5}, [5.001], [5, 4]),
        ({"atLeast": 1, "below": 5}, [1, 4], [0, 5]),
    ],
)
def test_a_value_is_compared_with_all_bounds(given, inside, outside):
    assert all(is_within(value, given) for value in inside)
    assert not any(is_within(value, given) for value in [*outside, math.nan])


def test_the_requirement_is_in_words():
    assert requirement({"below": 0.05, "atLeast": 1}) == "at least 1 and below 0.05"
    assert requirement({"equals": 1e21}) == "equal to 1e+21"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"above": 5, "below": 5}, "no value is above 5 and below 5: change above or below"),
        ({"atLeast": 6, "atMost": 5}, "no value is at least 6 and at most 5"),
        ({"atLeast": 5, "below": 5}, "no value is at least 5 and below 5"),
        ({"above": 5, "atMost": 5}, "no value is above 5 and at most 5"),
        ({"equals": 5, "below": 5}, "no value is equal to 5 and below 5"),
        ({"equals": 5, "above": 5}, "no value is above 5 and equal to 5"),
        ({"equals": 5, "atMost": 4}, "no value is equal to 5 and at most 4"),
    ],
    ids=str,
)
def test_bounds_that_exclude_each_other_are_found(given, words):
    assert contradiction(given).startswith(words)


@pytest.mark.parametrize(
    "given",
    [{"below": 5}, {"atLeast": 5, "atMost": 5}, {"equals": 5, "atMost": 5}, {"above": 4, "below": 5}, {}],
    ids=str,
)
def test_bounds_that_leave_a_value_do_not_exclude_each_other(given):
    assert contradiction(given) == ""
