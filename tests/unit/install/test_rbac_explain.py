"""Permissions in words: each has its reason, and `docs/security.md` shows what is declared."""

import re
from pathlib import Path

import pytest

from kubernaut.api.rules import Rule
from kubernaut.errors import InputError
from kubernaut.install.rbac import ENGINE_RULES, LEADER_RULES
from kubernaut.install.rbac_explain import (
    BEGIN,
    END,
    PermissionRow,
    action_permissions,
    all_permissions,
    engine_permissions,
    markdown_table,
    replace_between_markers,
)

SECURITY = Path(__file__).parents[3] / "docs" / "security.md"


def test_every_rule_that_ships_has_its_reason(registry):
    shipped = {name: action.spec.rules for name, action in registry.actions.items()}
    shipped |= {"engine": ENGINE_RULES, "leader": LEADER_RULES}
    rules = [(owner, rule) for owner, rules in shipped.items() for rule in rules]
    assert len(rules) > 15
    assert [(owner, rule) for owner, rule in rules if not rule.why.strip()] == []


def test_a_rule_becomes_a_row(registry):
    rule = Rule(
        api_group="apps", resources=("deployments", "statefulsets"), verbs=("get", "list"), names=("web",), why="w"
    )
    spec = registry.actions["scale"].spec.model_copy(update={"rules": (rule,)})
    assert action_permissions("scale", spec) == [
        PermissionRow(
            identity="deployment-scaler (scale)",
            where="each namespace where it is granted",
            verbs="get, list",
            resources="deployments, statefulsets (apps)",
            only="web",
            limit="",
            why="w",
        )
    ]


def test_an_action_without_rules_has_one_row_that_says_so(registry):
    (row,) = action_permissions("gitops-pr", registry.actions["gitops-pr"].spec)
    assert (row.verbs, row.resources, row.why) == (
        "none",
        "none",
        "it sends no requests to the API server: its pod has no token",
    )


def test_the_engines_own_namespace_is_told_apart_from_those_it_serves():
    assert [row.where for row in engine_permissions()] == [
        *["each namespace it serves"] * len(ENGINE_RULES),
        *["its own namespace"] * len(LEADER_RULES),
    ]


def test_a_markdown_row_names_all_objects_or_the_only_ones():
    row = PermissionRow("me", "there", "get", "pods", "", "", "why")
    only = PermissionRow("me", "there", "get", "leases", "mine", "", "why")
    assert list(markdown_table([row, only]))[2:] == [
        "| `me` | there | get | pods | any |  | why |",
        "| `me` | there | get | leases | `mine` |  | why |",
    ]


def test_the_security_page_shows_what_is_declared(registry):
    text = SECURITY.read_text("utf-8")
    assert text == replace_between_markers(text, markdown_table(all_permissions(registry))), "run: make render"


def test_only_the_text_between_the_markers_is_replaced():
    assert replace_between_markers(f"a\n{BEGIN}\nold\n{END}\nb\n", ["new"]) == f"a\n{BEGIN}\nnew\n{END}\nb\n"


@pytest.mark.parametrize("text", ["", BEGIN, END], ids=["no marker", "no end", "no beginning"])
def test_a_page_without_a_marker_is_bad_input(text):
    with pytest.raises(InputError, match="no place for the table of permissions"):
        replace_between_markers(text, [])


def test_every_test_that_the_security_page_names_exists():
    root = SECURITY.parents[1]
    named = set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", SECURITY.read_text("utf-8")))
    assert len(named) > 20
    for path, test in sorted(named):
        text = (root / path).read_text("utf-8")
        assert not test or f"def {test}(" in text, f"{path}::{test}"


def test_a_row_shows_fields_and_condition_beside_the_verbs(registry):
    rule = Rule(resources=("pods",), verbs=("patch",), fields=("a", "b"), condition="object.c || object.d")
    rows = action_permissions("scale", registry.actions["scale"].spec.model_copy(update={"rules": (rule,)}))
    assert [row.limit for row in rows] == ["a, b; object.c || object.d"]
    assert list(markdown_table(rows))[-1].split(" | ")[5] == r"`a, b; object.c \|\| object.d`"


def test_the_security_page_says_of_each_action_what_its_guard_cannot_see(registry):
    page = SECURITY.read_text("utf-8")
    section = page.partition("\n## Guards\n")[2].partition("\n## ")[0]
    guarded = [name for name, action in registry.actions.items() if any(rule.is_guarded for rule in action.spec.rules)]
    assert guarded
    assert [name for name in guarded if f"| `{name}` |" not in section] == []
