"""A rule expands to single permissions, one permission can cover another, and what a rule may say beyond RBAC."""

import pytest
from pydantic import ValidationError

from kubernaut.api.plugin import ActionSpec, Parameters, Target
from kubernaut.api.rules import Permission, Rule

DEPLOYMENTS = {"api_group": "apps", "resources": ("deployments",)}
PODS = {"resources": ("pods",)}


def test_a_rule_expands_to_every_resource_verb_and_name():
    rule = Rule(
        api_group="apps", resources=("deployments", "deployments/scale"), verbs=("get", "patch"), names=("web",)
    )
    assert list(map(str, rule.permissions())) == [
        "get deployments/web (apps)",
        "patch deployments/web (apps)",
        "get deployments/scale/web (apps)",
        "patch deployments/scale/web (apps)",
    ]


@pytest.mark.parametrize(
    ("held", "wanted", "covers"),
    [
        (Permission("", "pods", "get"), Permission("", "pods", "get", "p"), True),
        (Permission("", "pods", "get", "p"), Permission("", "pods", "get"), False),
        (Permission("*", "*", "*"), Permission("apps", "deployments", "patch"), True),
        (Permission("", "pods", "get"), Permission("", "pods", "list"), False),
        (Permission("apps", "pods", "get"), Permission("", "pods", "get"), False),
    ],
)
def test_a_permission_covers_what_it_includes(held, wanted, covers):
    assert held.covers(wanted) is covers


@pytest.mark.parametrize(
    ("rule", "operations"),
    [
        ({**DEPLOYMENTS, "verbs": ("get", "patch"), "fields": ("spec.replicas",)}, ("UPDATE",)),
        ({**PODS, "verbs": ("delete", "deletecollection"), "condition": "oldObject.spec.x"}, ("DELETE",)),
        ({**PODS, "verbs": ("create", "update", "delete"), "condition": "true"}, ("CREATE", "DELETE", "UPDATE")),
    ],
)
def test_a_guarded_rule_knows_the_operations_that_admission_sees(rule, operations):
    assert Rule(**rule).operations == operations
    assert Rule(**rule).is_guarded


def test_a_condition_is_kept_in_one_line():
    assert (
        Rule(**PODS, verbs=("delete",), condition="\n  object.a\n    && object.b\n").condition == "object.a && object.b"
    )


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({**DEPLOYMENTS, "verbs": ("get",), "fields": ("spec",)}, "fields narrow `update` and `patch` alone"),
        ({**DEPLOYMENTS, "verbs": ("patch", "delete"), "fields": ("spec",)}, "in rules of their own"),
        ({**DEPLOYMENTS, "verbs": ("create",), "fields": ("spec",)}, "in rules of their own"),
        ({**DEPLOYMENTS, "verbs": ("patch",), "fields": ("spec..x",)}, "is not the path of a field"),
        ({**DEPLOYMENTS, "verbs": ("patch",), "fields": ("spec", "spec.x")}, "overlaps another field"),
        (
            {**PODS, "verbs": ("get", "list"), "condition": "true"},
            "a condition narrows writes, and this rule only reads",
        ),
    ],
)
def test_a_limit_that_no_guard_can_enforce_is_refused(rule, words):
    with pytest.raises(ValidationError, match=words):
        Rule(**rule)


def spec(*rules):
    return ActionSpec(
        summary="s", parameters=Parameters, target=lambda _: Target("Pod", "a"), service_account="a", rules=rules
    )


@pytest.mark.parametrize(
    ("other", "shared"),
    [
        ({**DEPLOYMENTS, "verbs": ("update",)}, "UPDATE of deployments"),
        ({**DEPLOYMENTS, "verbs": ("patch",), "fields": ("metadata",)}, "UPDATE of deployments"),
        (
            {"api_group": "apps", "resources": ("statefulsets", "deployments"), "verbs": ("patch",)},
            "UPDATE of deployments",
        ),
        ({**DEPLOYMENTS, "verbs": ("patch",), "names": ("a",)}, "UPDATE of deployments"),
    ],
)
def test_two_rules_for_the_same_write_are_refused_where_one_is_guarded(other, shared):
    guarded = Rule(**DEPLOYMENTS, verbs=("patch",), fields=("spec.replicas",))
    with pytest.raises(ValidationError, match=f"two rules permit {shared}"):
        spec(guarded, Rule(**other))


@pytest.mark.parametrize(
    "other",
    [
        {**DEPLOYMENTS, "verbs": ("get", "delete")},
        {"api_group": "extensions", "resources": ("deployments",), "verbs": ("patch",)},
        {"api_group": "apps", "resources": ("deployments/scale",), "verbs": ("patch",)},
        {**DEPLOYMENTS, "verbs": ("patch",), "names": ("b",)},
    ],
)
def test_rules_for_other_writes_may_stand_beside_it(other):
    assert spec(Rule(**DEPLOYMENTS, verbs=("patch",), names=("a",), fields=("spec.replicas",)), Rule(**other))
