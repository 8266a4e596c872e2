"""The proof of minimal permissions: what is removed one at a time, and what it refuses to start with."""

from dataclasses import replace

import pytest

from kubernaut.api.rules import Permission, Rule
from kubernaut.plugins.registry import Registry
from kubernaut.testing.minimal_rights import (
    _is_denied,
    assert_minimal_rights,
    without_each_field,
    without_each_permission,
)

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


def test_each_field_is_removed_once_and_the_last_gives_place_to_one_that_no_object_has():
    rules = (
        Rule(resources=("pods",), verbs=("patch",), fields=("spec.a", "spec.b")),
        Rule(resources=("configmaps",), verbs=("patch",), fields=("data",)),
        Rule(resources=("secrets",), verbs=("get",)),
    )
    found = [(removed, [rule.fields for rule in rest]) for rest, removed in without_each_field(rules)]
    none = ("metadata.annotations[kubernaut.io/no-field]",)
    assert found == [
        ("spec.a", [("spec.b",), ("data",), ()]),
        ("spec.b", [("spec.a",), ("data",), ()]),
        ("data", [("spec.a", "spec.b"), none, ()]),
    ]


def test_a_permission_that_stays_keeps_its_fields_and_its_condition():
    rule = Rule(resources=("pods",), verbs=("get", "patch", "update"), fields=("spec.a",), condition="object.b")
    rest, _ = next(without_each_permission((rule,)))
    assert {(part.verbs, part.fields, part.condition) for part in rest} == {
        (("patch",), ("spec.a",), "object.b"),
        (("update",), ("spec.a",), "object.b"),
    }


def test_a_superfluous_field_is_named(registry):
    scale = registry.actions["patch-configmap"]
    rule = scale.spec.rules[0].model_copy(update={"fields": ("data", "metadata.labels")})
    wider = replace(scale, spec=scale.spec.model_copy(update={"rules": (rule,)}))
    words = "patch-configmap declares the field metadata.labels, but no example fails without it: drop it"
    with pytest.raises(AssertionError, match=words):
        assert_minimal_rights("patch-configmap", Registry({"patch-configmap": wider}))


def test_changes_that_are_not_believed_are_found(registry):
    action = registry.actions["patch-configmap"]
    narrow = replace(action, spec=action.spec.model_copy(update={"fields": lambda _: ("data.OTHER",)}))
    with pytest.raises(AssertionError, match="changes of fields that are not in ActionSpec"):
        assert_minimal_rights("patch-configmap", Registry({"patch-configmap": narrow}))
