"""Least privilege: for every installed action, no permission is missing and none is superfluous."""

from dataclasses import replace

import pytest

from kubernaut.api.rules import Rule
from kubernaut.plugins.registry import Registry
from kubernaut.testing import assert_minimal_rights
from kubernaut.testing.minimal_rights import without_each_permission

INSTALLED = Registry.discover()
REHEARSALS = ("initContainer",)
"""Permissions are checked before there is a Job, so it does not matter where the dry run takes place."""


@pytest.mark.parametrize("name", sorted(INSTALLED.actions))
def test_no_rule_is_missing_and_none_is_superfluous(name):
    assert_minimal_rights(name)


def registry_with(rules):
    scale = INSTALLED.actions["scale"]
    return Registry({"scale": replace(scale, spec=scale.spec.model_copy(update={"rules": rules}))})


def test_the_proof_names_a_superfluous_rule():
    rules = INSTALLED.actions["scale"].spec.rules
    with pytest.raises(AssertionError, match="scale declares get secrets, but no example fails without it: drop it"):
        assert_minimal_rights("scale", registry_with((*rules, Rule(resources=("secrets",), verbs=("get",)))))


def test_the_proof_names_a_missing_rule():
    with pytest.raises(AssertionError, match='cannot get resource "deployments"'):
        assert_minimal_rights("scale", registry_with(INSTALLED.actions["scale"].spec.rules[1:]))


@pytest.mark.parametrize(
    ("action", "rest", "removed"),
    [
        pytest.param(name, rest, removed, id=f"{name} without {removed}")
        for name, action in sorted(INSTALLED.actions.items())
        for rest, removed in without_each_permission(action.spec.rules)
    ],
)
async def test_a_grant_that_lacks_one_verb_is_refused_before_a_job_exists_and_names_it(site, action, rest, removed):
    rules = [{"apiGroups": [r.api_group], "resources": list(r.resources), "verbs": list(r.verbs)} for r in rest]
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": f"kubernaut-{action}"},
    }
    await site.apply({**role, "rules": rules})
    try:
        status = await site.run(action, INSTALLED.actions[action].spec.examples[0])
    finally:
        full = INSTALLED.actions[action].spec.rules
        await site.apply(
            {
                **role,
                "rules": [
                    {"apiGroups": [r.api_group], "resources": list(r.resources), "verbs": list(r.verbs)} for r in full
                ],
            }
        )
    assert (status["phase"], status["reason"]) == ("Failed", "Forbidden")
    assert f"is not allowed to {removed}" in status["message"]
    assert "jobName" not in status
