"""Expressions: their types, values and errors, in the words of cel-go."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import Any

import pytest

from kubernaut_cel.environment import CompileError, Environment, EvaluationError, type_name
from kubernaut_cel.functions import Overload, Type, bound, own_type

ENVIRONMENT = Environment({"object": Type.DYN, "number": Type.INT})
OBJECT = {"name": "web", "count": 2, "labels": {"a": "b"}, "items": [3, 1], "nothing": None}


def value(source: str, **values: Any) -> Any:
    return ENVIRONMENT.compile(source).evaluate({"object": OBJECT, "number": 5, **values})


@pytest.mark.parametrize(
    ("source", "kind", "result"),
    [
        ("object.name + '!'", "string", "web!"),
        ("object.?labels.?x.orValue('none')", "dyn", "none"),
        ("object.labels[?'a'].hasValue()", "bool", True),
        ("object.items.map(i, i * 2)", "list(int)", [6, 2]),
        ("{'a': number}", "map(string, int)", {"a": 5}),
        ("number < 5.5 && 1u < number", "bool", True),
        ("duration('90s')", "duration", timedelta(seconds=90)),
        ("object.nothing", "dyn", None),
        ("quantity('1k') == quantity('1000')", "bool", True),
    ],
)
def test_an_expression_has_a_type_and_a_value(source: str, kind: str, result: Any):
    assert type_name(ENVIRONMENT.compile(source).kind) == kind
    assert value(source) == result


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("1 +", "ERROR: <input>:1:4: Syntax error: mismatched input '<EOF>'"),
        ("thing", "ERROR: <input>:1:1: undeclared reference to 'thing' (in container '')\n | thing\n | ^"),
        (
            "1 + thing.part",
            "ERROR: <input>:1:5: undeclared reference to 'thing' (in container '')\n | 1 + thing.part\n | ....^",
        ),
        (
            "'a' + 1",
            "ERROR: <input>:1:5: found no matching overload for '_+_' applied to '(string, int)'\n | 'a' + 1\n | ....^",
        ),
        ("number.contains('a')", "found no matching overload for 'contains' applied to 'int.(string)'"),
        ("[{'a': 1}].sum()", "found no matching overload for 'sum' applied to 'list(map(string, int)).()'"),
        ("\n  thing", "ERROR: <input>:2:3: undeclared reference to 'thing' (in container '')\n |   thing\n | ..^"),
    ],
)
def test_an_expression_that_does_not_compile_shows_where(source: str, message: str):
    with pytest.raises(CompileError) as raised:
        ENVIRONMENT.compile(source)
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("object.missing", "no such key: missing"),
        ("object.name.part", "no such overload"),
        ("object.count + 'a'", "no such overload"),
        ("object.items[7]", "index out of bounds: 7"),
        ("number / 0", "division by zero"),
        ("number % 0", "modulus by zero"),
        ("int(object.name)", "type conversion error from 'string' to 'int'"),
        (
            "timestamp(object.name) == timestamp(object.name)",
            "type conversion error from 'string' to 'google.protobuf.Timestamp'",
        ),
        ("quantity(object.name)", "quantities must match the regular expression"),
        ("object.missing == 1 || object.other == 1", "no such key: missing"),
    ],
)
def test_an_expression_without_a_value_says_why(source: str, message: str):
    with pytest.raises(EvaluationError) as raised:
        value(source)
    assert str(raised.value).startswith(message)


def test_an_error_that_decides_nothing_is_none():
    assert value("object.missing == 1 || true") is True
    assert value("object.missing == 1 && false") is False


def test_a_variable_may_be_absent_where_its_value_does_not_matter():
    compiled = ENVIRONMENT.compile("number == 5 || object.x")
    assert compiled.evaluate({"number": 5}) is True
    with pytest.raises(EvaluationError, match="it is late"):
        compiled.evaluate({"number": 6}, failed={"object": "it is late"})


def test_the_steps_through_lists_are_limited():
    items = list(range(200))
    quadratic = ENVIRONMENT.compile("object.all(i, object.all(j, i + j >= 0))")
    with pytest.raises(EvaluationError, match="actual cost limit exceeded"):
        quadratic.evaluate({"object": items})


def test_a_name_with_dots_is_a_variable_of_its_own():
    environment = ENVIRONMENT.with_variable("variables.size", Type.INT)
    assert environment.compile("variables.size + 1").evaluate({"variables.size": 2}) == 3
    with pytest.raises(CompileError):
        environment.compile("variables.size + 'a'")


def test_the_type_of_a_member_is_known_to_the_compiler_alone():
    environment = Environment({"request": Type.DYN}, members={"request.name": Type.STRING})
    assert environment.compile("request.name").evaluate({"request": {"name": "x"}}) == "x"
    with pytest.raises(CompileError, match="_\\+_"):
        environment.compile("request.name + 1")


def test_a_function_without_an_implementation_is_given_with_the_evaluation():
    ticket = own_type("example.Ticket")
    check = Overload("check", (ticket, Type.STRING), Type.BOOL)
    environment = Environment({"ticket": ticket}, (check,))
    compiled = environment.compile("ticket.check('in')")
    for owner, expected in (("in", True), ("out", False)):
        function = bound(check, lambda given, word: given["owner"] == word)
        assert compiled.evaluate({"ticket": {"owner": owner}}, [function]) is expected
    with pytest.raises(CompileError, match=r"expression of type 'example\.Ticket' cannot be the operand of a select"):
        environment.compile("ticket.owner")


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="None cannot be deleted there")
def test_nulls_do_not_use_up_references_to_none():
    compiled = ENVIRONMENT.compile("object.map(i, null)")
    compiled.evaluate({"object": [1]})
    assert sys.getrefcount(None) > 1 << 39
