"""The hooks: an expression or a time that cannot work is refused before a pod exists, with the parameter's name."""

import json

import pytest
from pydantic import ValidationError

from kubernaut.api.plugin import Execution, NoSettings
from kubernaut_check_workload import plugin
from kubernaut_check_workload.plugin import CheckWorkload

GOOD = {"name": "web", "expression": "object.status.readyReplicas == object.spec.replicas"}


def parse(**more):
    return CheckWorkload.model_validate_json(json.dumps({**GOOD, **more}), strict=True)


def problems(deadline=plugin.DEADLINE, **more):
    execution = Execution(
        "x", "shop", "u", "check-workload", parse(**more), NoSettings(), "image", deadline_seconds=deadline
    )
    return [str(problem) for problem in plugin.validate(execution)]


@pytest.mark.parametrize(
    "expression",
    [
        GOOD["expression"],
        "object.status.?readyReplicas.orValue(0) >= 2",
        "object.status.conditions.exists(c, c.type == 'Available' && c.status == 'True')",
        "quantity(object.spec.template.spec.containers[0].resources.limits.memory).isLessThan(quantity('1Gi'))",
        "object.metadata.labels['app'].matches('^we')",
        "true",
        "object.spec.paused == true",
    ],
)
def test_an_expression_that_is_true_or_false_is_accepted(expression):
    assert problems(expression=expression) == []


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("object.spec.replicas ==", "compilation failed: ERROR: <input>:1:24: Syntax error"),
        ("objct.spec.replicas == 1", "undeclared reference to 'objct'"),
        ("self.spec.replicas == 1", "undeclared reference to 'self'"),
        ("oldObject.spec.replicas == 1", "undeclared reference to 'oldObject'"),
        ("request.name == 'a'", "undeclared reference to 'request"),
        ("request.nope == 'a'", "undefined field 'nope'"),
        ("object.spec.replicas", "must evaluate to bool but got dyn"),
        ("1 + 1", "must evaluate to bool but got int"),
        ("'yes'", "must evaluate to bool but got string"),
        ("1 == 'a'", "found no matching overload for '_==_'"),
        ("object.spec.replicas.nope() == 1", "undeclared reference to 'nope'"),
        (" ", "Syntax error"),
        ("(" * 900 + "true" + ")" * 900, "recursion limit"),
        ("object" + ".a" * 900 + " == 1", "recursion depth"),
        ("%$" * 900, "Syntax error"),
        ("\x00", "Syntax error"),
    ],
    ids=lambda text: text[:30],
)
def test_any_other_expression_is_refused_with_the_words_of_cel(expression, words):
    (problem,) = problems(expression=expression)
    assert problem.startswith("parameters.expression: it must be CEL that is true or false: ")
    assert words in problem
    assert len(problem) < 700


@pytest.mark.parametrize(
    "bad",
    [
        {"expression": ""},
        {"expression": "a" * 2001},
        {"expression": None},
        {"expression": True},
        {"kind": "Pod"},
        {"name": "../x"},
        {"settleSeconds": -1},
        {"settleSeconds": 3601},
        {"settleSeconds": 1.5},
        {"holdSeconds": -1},
        {"timeoutSeconds": 0},
        {"timeoutSeconds": -5},
        {"timeoutSeconds": 10**30},
        {"timeoutSeconds": "60"},
        {"namespace": "other"},
    ],
    ids=str,
)
def test_a_parameter_out_of_its_bounds_is_refused(bad):
    with pytest.raises(ValidationError) as refused:
        parse(**bad)
    assert {error["loc"][0] for error in refused.value.errors()} == set(bad)


def test_the_waits_must_leave_room_in_the_deadline():
    assert problems(settleSeconds=3000, timeoutSeconds=570) == []
    (problem,) = problems(settleSeconds=3000, timeoutSeconds=571)
    assert problem == (
        "parameters.timeoutSeconds: settleSeconds and timeoutSeconds are 3571 s together, and must leave 30 s of the deadline of "
        "3600 s: make them smaller, or spec.deadlineSeconds larger"
    )
    assert "of the deadline of 60 s" in problems(deadline=60, timeoutSeconds=31)[0]


def test_it_cannot_have_to_hold_for_longer_than_there_is_time():
    assert problems(holdSeconds=59, timeoutSeconds=60) == []
    (problem,) = problems(holdSeconds=60, timeoutSeconds=60)
    assert problem == "parameters.holdSeconds: it must be less than timeoutSeconds, within which it has to pass"


def test_all_problems_are_reported_at_once():
    assert len(problems(expression="x", settleSeconds=3600)) == 2


def test_it_writes_nothing():
    spec = plugin.describe()
    assert {verb for rule in spec.rules for verb in rule.verbs} == {"get"}
    assert list(spec.fields(parse())) == []
