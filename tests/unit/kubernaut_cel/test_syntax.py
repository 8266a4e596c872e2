"""Tokens: names that are selected from a variable, outside of strings and comments."""

from __future__ import annotations

import pytest

from kubernaut_cel.syntax import error_at, members, occurrence, tokens


@pytest.mark.parametrize(
    "source",
    ["a.b + 'it''s' // end", "r'\\' + \"\\\"\" + '''a'b'''", "x.?y[0] ?\n {'k': 1} : b\"z\"", "é == 'ß'"],
)
def test_the_tokens_together_are_the_source(source: str):
    assert "".join(token.text for token in tokens(source)) == source


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("variables.a == variables . b", ["a", "b"]),
        ("variables.?a.orValue(1)", ["a"]),
        ("object.variables.a", []),
        ("'variables.a' + \"variables.b\"", []),
        ("1 // variables.a\n + variables.b", ["b"]),
        ("variables['a']", []),
        ("xvariables.a + variables_.b", []),
        ("has(variables.a.b)", ["a"]),
    ],
)
def test_members_are_the_names_selected_from_a_variable(source: str, found: list[str]):
    assert [name for name, _ in members(source, "variables")] == found


def test_a_variable_occurs_where_it_is_mentioned_as_such():
    assert occurrence("oldSelf == self", "self") == 11
    assert occurrence("object.self", "self") is None
    assert occurrence("'self'", "self") is None


def test_an_error_is_marked_in_its_line():
    assert error_at("a\n bc", 3, "wrong") == "ERROR: <input>:2:2: wrong\n |  bc\n | .^"
