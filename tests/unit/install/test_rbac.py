"""RBAC manifests: the rendered files contain what plugins declare, and the engine cannot change any target."""

from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from kubernaut.api.rules import Rule
from kubernaut.install.rbac import ENGINE_RULES, LEADER_RULES, action_manifests, engine_manifests

FOLDER = Path(__file__).parents[3] / "rbac"


def documents(name):
    return list(yaml.safe_load_all((FOLDER / name).read_text("utf-8")))


def test_every_action_that_ships_has_a_file_and_no_other_file_exists(registry):
    assert {f.stem for f in FOLDER.glob("*.yaml")} == {*registry.actions, "engine", "kustomization"}


def test_the_files_contain_what_the_plugins_declare(registry):
    declared = {name: action_manifests(name, action.spec) for name, action in registry.actions.items()}
    assert len(declared) >= 4
    assert {name: documents(f"{name}.yaml") for name in declared} == declared, "run: make render"


def test_the_engines_file_contains_what_the_engine_declares():
    assert documents("engine.yaml") == engine_manifests(), "run: make render"


def test_each_namespace_gets_an_account_that_is_bound_to_the_one_role(registry):
    made = action_manifests("scale", registry.actions["scale"].spec, ["a", "b"])
    assert [(m["kind"], m["metadata"].get("namespace")) for m in made] == [
        ("ClusterRole", None),
        ("ServiceAccount", "a"),
        ("RoleBinding", "a"),
        ("ServiceAccount", "b"),
        ("RoleBinding", "b"),
    ]
    assert made[2]["subjects"] == [{"kind": "ServiceAccount", "name": "deployment-scaler", "namespace": "a"}]


@pytest.mark.parametrize("verb", ["escalate", "bind", "impersonate", "*"])
def test_the_engine_cannot_extend_its_own_permissions(verb):
    with pytest.raises(ValidationError, match="verbs"):
        Rule(resources=("clusterroles",), verbs=(verb,))
    assert "rbac.authorization.k8s.io" not in {rule.api_group for rule in (*ENGINE_RULES, *LEADER_RULES)}


def test_the_engine_has_no_permission_to_change_any_target(registry):
    mine = {
        (rule.api_group, resource)
        for rule in ENGINE_RULES
        for resource in rule.resources
        if set(rule.verbs) - {"get", "list", "watch"}
    }
    targets = {
        (r.api_group, resource)
        for action in registry.actions.values()
        for r in action.spec.rules
        for resource in r.resources
        if set(r.verbs) - {"get", "list", "watch"}
    }
    assert ("apps", "deployments") in targets
    assert not mine & targets
    assert ("", "secrets") not in {(rule.api_group, resource) for rule in ENGINE_RULES for resource in rule.resources}
