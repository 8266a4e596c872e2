"""The parameters of a run: text gets the declared type, defaults fill in, and what does not fit is named."""

import pytest

from kubernaut.api.runbook import RunbookParameter
from kubernaut.errors import InputError
from kubernaut.runbooks.arguments import complete_arguments, parse_argument

DECLARED = {
    "name": RunbookParameter(description="The Deployment."),
    "replicas": RunbookParameter(type="integer", default=3),
    "ratio": RunbookParameter(type="number", default=0.5),
    "wait": RunbookParameter(type="boolean", default=True),
}


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [("name", "5", "5"), ("replicas", "-5", -5), ("ratio", "5", 5), ("ratio", "1e-3", 0.001), ("wait", "false", False)],
)
def test_text_gets_the_declared_type(name, text, value):
    parsed = parse_argument(DECLARED, name, text)
    assert (parsed, type(parsed)) == (value, type(value))


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("replicas", "five", "parameter replicas: it must be an integer (got 'five')"),
        ("replicas", "5.0", "must be an integer"),
        ("replicas", "9" * 5000, "must be an integer"),
        ("ratio", "nan", "parameter ratio: it must be a number"),
        ("ratio", "1e999", "must be a number"),
        ("wait", "yes", "parameter wait: it must be true or false"),
        ("nmae", "web", "no such parameter, it has name, ratio, replicas, wait; did you mean name?"),
    ],
)
def test_text_that_does_not_fit_is_refused(name, text, words):
    with pytest.raises(InputError) as refused:
        parse_argument(DECLARED, name, text)
    assert words in str(refused.value)


def test_defaults_fill_in():
    assert complete_arguments(DECLARED, {"name": "web", "replicas": 9}) == {
        "name": "web",
        "replicas": 9,
        "ratio": 0.5,
        "wait": True,
    }


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "parameter name: it is required (The Deployment.): give it with -p name=VALUE"),
        ({"name": "web", "replicas": True}, "parameter replicas: it must be an integer (got True)"),
        ({"name": 5}, "parameter name: it must be a string (got 5)"),
        ({"name": None}, "parameter name: it must be a string (got None)"),
        ({"name": "x" * 17_000}, "more than the 16384 of a run"),
        ({"other": 1}, "parameter other: the runbook has no such parameter"),
    ],
)
def test_values_that_do_not_fit_are_refused(given, words):
    with pytest.raises(InputError) as refused:
        complete_arguments(DECLARED, given)
    assert words in str(refused.value)


def test_a_runbook_without_parameters_takes_none():
    assert complete_arguments({}, {}) == {}
    with pytest.raises(InputError, match="no such parameter, it has none"):
        complete_arguments({}, {"a": 1})
