"""A rule expands to single permissions, and one permission can cover another."""

import pytest

from kubernaut.api.rules import Permission, Rule


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
