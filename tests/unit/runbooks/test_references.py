"""$(params.NAME): whole strings keep types, others become text, and a value that was inserted is never read again."""

import pytest

from kubernaut.errors import InputError
from kubernaut.runbooks.references import Substitution, dotted, reference_problems, references

VALUES = {"n": 3, "ratio": 0.5, "on": True, "name": "web", "sly": "$(params.name)"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("$(params.n)", 3, id="a whole string takes the type"),
        pytest.param("$(params.on)", True, id="a boolean, too"),
        pytest.param("n=$(params.n), $(params.ratio), $(params.on)", "n=3, 0.5, true", id="in a text it is text"),
        pytest.param("$$(params.n)", "$(params.n)", id="escaped"),
        pytest.param("$$(date) $(date) $5 $", "$(date) $(date) $5 $", id="anything else stays"),
        pytest.param("$(params.sly)", "$(params.name)", id="no recursion as a whole"),
        pytest.param("a $(params.sly)", "a $(params.name)", id="no recursion in a text"),
        pytest.param({"a": [{"b": "$(params.name)"}], "c": 1}, {"a": [{"b": "web"}], "c": 1}, id="nested"),
        pytest.param("$(params.name)\n", "web\n", id="a line end makes it a text"),
        pytest.param(None, None, id="nothing"),
    ],
)
def test_references_are_replaced(value, expected):
    result = Substitution(VALUES).apply(value)
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize(
    ("value", "place", "words"),
    [
        (
            {"a": ["$(params.nmae)"]},
            "a[0]",
            "there is no such parameter, its parameters are name, on; did you mean name?",
        ),
        ({"a": "$(params.)"}, "a", "is not complete: write $(params.NAME)"),
        ({"a": "$(params.name"}, "a", "is not complete"),
        ({"a": "$(params.a b)"}, "a", "is not complete"),
        ({"a": {"$(params.name)": 1}}, "a", "the key '$(params.name)' holds a reference"),
    ],
)
def test_what_is_not_a_reference_to_a_parameter_is_refused(value, place, words):
    ((path, message),) = reference_problems(value, ["name", "on"])
    assert dotted(path) == place
    assert words in message


def test_escaped_references_are_none():
    assert list(references({"a": ["$$(params.x)"]})) == []
    assert list(reference_problems("$$(params.x)", [])) == []


def test_a_value_that_is_inserted_many_times_does_not_fill_the_memory():
    with pytest.raises(InputError, match="exceed the 96 KiB"):
        Substitution({"x": "y" * 16_000}).apply(["$(params.x) " * 5_000] * 1_000)
    with pytest.raises(InputError, match="exceed the 96 KiB"):
        Substitution({"x": "y" * 16_000}).apply(["$(params.x)"] * 7)
