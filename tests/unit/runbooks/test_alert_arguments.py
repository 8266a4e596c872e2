"""The labels of an alert become parameters: once, with their types, and only values that mean themselves wherever they are inserted."""

import pytest

from kubernaut.api.runbook import AlertRule, RunbookParameter
from kubernaut.errors import InputError
from kubernaut.runbooks.alert_arguments import alert_arguments, argument_problems, label_problem

DECLARED = {
    "text": RunbookParameter(),
    "number": RunbookParameter(type="integer"),
    "share": RunbookParameter(type="number"),
    "flag": RunbookParameter(type="boolean"),
}


def rule(**arguments):
    return AlertRule(match={"alertname": "A"}, arguments=arguments)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param({"text": "$(labels.pod)"}, {"text": "web-0"}, id="alone"),
        pytest.param({"text": "a $(labels.pod), b"}, {"text": "a web-0, b"}, id="in a text"),
        pytest.param({"text": "$$(labels.pod)"}, {"text": "$(labels.pod)"}, id="a literal reference"),
        pytest.param({"text": "$(date) $(params.x)"}, {"text": "$(date) $(params.x)"}, id="what is no reference"),
        pytest.param({"number": "$(labels.n)"}, {"number": 12}, id="an integer"),
        pytest.param({"number": "1$(labels.n)"}, {"number": 112}, id="an integer of two parts"),
        pytest.param({"share": "0.$(labels.n)"}, {"share": 0.12}, id="a number"),
        pytest.param({"flag": "true"}, {"flag": True}, id="a literal"),
    ],
)
def test_arguments_are_the_text_with_the_labels_and_take_the_parameters_type(arguments, expected):
    labels = {"pod": "web-0", "n": "12"}
    assert label_problem(rule(**arguments), labels) is None
    assert alert_arguments(DECLARED, rule(**arguments), labels) == expected


@pytest.mark.parametrize(
    "value",
    [
        "web",
        "web-7d9f8-x2x",
        "registry.example/web:1.2@sha256:0a",
        "10.0.0.1:9100",
        "/var/lib/data",
        "_x",
        "a" * 253,
    ],
)
def test_names_of_objects_images_addresses_and_paths_are_inserted(value):
    assert alert_arguments(DECLARED, rule(text="$(labels.x)"), {"x": value}) == {"text": value}
    assert label_problem(rule(text="$(labels.x)"), {"x": value}) is None


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("$(labels.y)", id="a reference"),
        pytest.param("$(params.y)", id="a reference to a parameter"),
        pytest.param('a"} or vector(1)', id="the end of a string"),
        pytest.param("a'b", id="a quote"),
        pytest.param("a`b", id="a backtick"),
        pytest.param("a\\b", id="a backslash"),
        pytest.param("a\nb", id="a newline"),
        pytest.param("a\n", id="a newline at the end"),
        pytest.param("a b", id="a blank"),
        pytest.param("--all", id="an option"),
        pytest.param(".+", id="a pattern"),
        pytest.param("a/../../etc", id="a way up"),
        pytest.param("é", id="a letter outside ASCII"),
        pytest.param("\u202ea", id="a change of direction"),
        pytest.param("\u0661", id="a digit outside ASCII"),
        pytest.param("a" * 254, id="one too long"),
        pytest.param("a" * 2**20, id="a MiB"),
    ],
)
def test_any_other_value_is_refused_with_a_short_message(value):
    problem = label_problem(rule(text="x $(labels.x)"), {"x": value})
    assert problem is not None
    assert (problem.label, problem.is_missing) == ("x", False)
    assert len(problem.message) < 400


@pytest.mark.parametrize("labels", [{}, {"x": ""}], ids=["none", "an empty one"])
def test_a_missing_label_is_named(labels):
    problem = label_problem(rule(text="$(labels.x)"), labels)
    assert problem is not None
    assert problem.is_missing
    assert problem.message == "the alert has no label x, which parameter text takes its value from"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"number": "$(labels.x)"}, "parameter number: it must be an integer"),
        ({"flag": "$(labels.x)"}, "parameter flag: it must be true or false"),
        ({"other": "$(labels.x)"}, "parameter other: the runbook has no such parameter"),
    ],
)
def test_a_value_of_another_type_names_the_parameter(arguments, words):
    with pytest.raises(InputError, match=words):
        alert_arguments(DECLARED, rule(**arguments), {"x": "web"})


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"text": "$(labels.)"}, "is not complete"),
        ({"text": "$(labels.a-b)"}, "is not complete"),
        ({"number": "many"}, "it must be an integer"),
    ],
)
def test_what_no_alert_can_make_right_is_found_without_one(arguments, words):
    ((name, message),) = argument_problems(DECLARED, rule(**arguments))
    assert (name, words in message) == (next(iter(arguments)), True)


def test_a_rule_without_faults_has_no_problem():
    assert list(argument_problems(DECLARED, rule(text="$(labels.a)", number="3", flag="$(labels.b)"))) == []
