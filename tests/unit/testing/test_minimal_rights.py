"""The proof of minimal permissions: what is removed one at a time, and what it refuses to start with."""

from dataclasses import replace

import pytest

from kubernaut.api.rules import Permission, Rule
from kubernaut.plugins.registry import Registry
from kubernaut.testing.minimal_rights import _is_denied, assert_minimal_rights, without_each_permission

RULES = (
    Rule(api_group="apps", resources=("deployments",), verbs=("get", "patch")),
    Rule(resources=("configmaps",), verbs=("get",), names=("a", "b")),
)


def permissions(rules):
    return {permission for rule in rules for permission in rule.permissions()}


def test_each_permission_is_removed_once_and_the_others_stay():
    found = list(without_each_permission(RULES))
    assert [str(removed) for _, removed in found] == [
        "get deployments (apps)",
        "patch deployments (apps)",
        "get configmaps/a",
        "get configmaps/b",
    ]
    assert all(permissions(rest) == permissions(RULES) - {removed} for rest, removed in found)


@pytest.mark.parametrize(
    ("message", "rest", "denied"),
    [
        ('cannot get resource "secrets" in API group ""', RULES, True),
        ('cannot list resource "secrets" in API group ""', RULES, False),
        ('cannot get resource "pods" in API group ""', RULES, False),
        ("no token", RULES, False),
        ("no token", (), True),
    ],
)
def test_a_denial_names_verb_and_resource_unless_there_is_no_token_at_all(message, rest, denied):
    assert _is_denied(message, Permission("", "secrets", "get"), rest) is denied


def test_an_action_that_is_not_installed_is_named():
    with pytest.raises(AssertionError, match="nope: no such action is installed"):
        assert_minimal_rights("nope", Registry())


def test_an_action_without_examples_cannot_be_proved(registry):
    scale = registry.actions["scale"]
    bare = replace(scale, spec=scale.spec.model_copy(update={"examples": ()}))
    with pytest.raises(AssertionError, match="scale has no examples"):
        assert_minimal_rights("scale", Registry({"scale": bare}))
