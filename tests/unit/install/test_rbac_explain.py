"""Rights in words: none without its reason, and `docs/security.md` shows what is declared."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from kubernaut.errors import InputError
from kubernaut.install.rbac import ENGINE_RULES, LEADER_RULES
from kubernaut.install.rbac_explain import (
    BEGIN,
    END,
    action_permissions,
    all_permissions,
    engine_permissions,
    markdown_table,
    replace_between_markers,
)

SECURITY = Path(__file__).parents[3] / "docs" / "security.md"


def test_no_rule_that_ships_is_without_its_reason(registry):
    shipped = {name: action.spec.rules for name, action in registry.actions.items()}
    shipped |= {"engine": ENGINE_RULES, "leader": LEADER_RULES}
    assert [(who, rule) for who, rules in shipped.items() for rule in rules if not rule.why.strip()] == []


def test_the_document_shows_what_is_declared(registry):
    text = SECURITY.read_text("utf-8")
    assert text == replace_between_markers(text, markdown_table(all_permissions(registry))), "run: make render"


def test_a_document_without_the_markers_is_told_of_them():
    for text in ("", BEGIN, END):
        with pytest.raises(InputError, match="no place for the table"):
            replace_between_markers(text, [])
    assert replace_between_markers(f"a\n{BEGIN}\nold\n{END}\nb\n", ["new"]) == f"a\n{BEGIN}\nnew\n{END}\nb\n"


def explained(*arguments):
    command = [sys.executable, "-m", "kubernaut.cli", "rbac", "explain", *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    return ran.stdout


def test_the_command_explains_the_chosen_or_all(registry):
    everything = json.loads(explained("-o", "json"))
    assert len(everything) == len(all_permissions(registry))
    assert {right["identity"] for right in json.loads(explained("--engine", "-o", "json"))} == {
        "kubernaut-system/kubernetes-executor"
    }
    scale = action_permissions("scale", registry.actions["scale"].spec)
    assert len(json.loads(explained("scale", "-o", "json"))) == len(scale)
    assert len(json.loads(explained("scale", "--engine", "-o", "json"))) == len(scale) + len(engine_permissions())


def test_each_right_is_one_line_and_the_absence_of_rights_is_one_too():
    lines = explained("scale", "gitops-pr").splitlines()
    assert len(lines) == 4
    assert "git-operator (gitops-pr)" in lines[3]
    assert "its pod has no token" in lines[3]


def test_every_test_that_the_document_names_exists():
    root = SECURITY.parents[1]
    named = set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", SECURITY.read_text("utf-8")))
    assert len(named) > 20
    for path, test in sorted(named):
        text = (root / path).read_text("utf-8")
        assert not test or f"def {test}(" in text, f"{path}::{test}"
