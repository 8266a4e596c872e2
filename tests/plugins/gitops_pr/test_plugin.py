"""The hooks: what an execution must not do is rejected before a pod exists."""

import json

import pytest
from pydantic import ValidationError

from kubernaut.api.plugin import Execution
from kubernaut_gitops_pr import plugin
from kubernaut_gitops_pr.demo_forge import EXAMPLE, settings, surroundings
from kubernaut_gitops_pr.parameters import GitOpsPr
from kubernaut_gitops_pr.settings import GitOpsSettings
from tests.plugins.gitops_pr.pod import TAG, UID

FORGE = settings("https://git.example.com")["forges"][0]


def parse(**more):
    return GitOpsPr.model_validate_json(json.dumps({**EXAMPLE, **more}), strict=True)


def problems(configured=None, namespace="production", **more):
    known = GitOpsSettings.model_validate({"forges": [FORGE]} if configured is None else configured)
    execution = Execution("x", namespace, UID, "gitops-pr", parse(**more), known, "image")
    return [str(problem) for problem in plugin.validate(execution)]


def test_the_example_is_valid_in_its_surroundings():
    with surroundings() as prepared:
        assert problems(dict(prepared.settings)) == []
        assert prepared.objects[0]["kind"] == "Secret"


def test_nothing_is_allowed_until_the_admin_configures_it():
    assert "no forge is configured" in problems({})[0]
    assert "not on the list" in problems({"forges": [{**FORGE, "repositories": []}]})[0]
    assert "namespace production is not allowed to use" in problems({"forges": [{**FORGE, "namespaces": []}]})[0]


def test_a_repository_or_namespace_that_is_not_listed_is_rejected():
    assert "platform/other is not on the list" in problems(repository="platform/other")[0]
    assert (
        "namespace staging is not allowed to use"
        in problems({"forges": [{**FORGE, "namespaces": ["prod*"]}]}, namespace="staging")[0]
    )
    assert problems({"forges": [{**FORGE, "namespaces": ["prod*"]}]}) == []


def test_every_other_problem_is_reported():
    many = [{"path": f"{i}.txt", "content": ""} for i in range(21)]
    assert "21 files would be changed, but the settings allow at most 20" in problems(changes=many)[0]
    assert "its content is set twice" in problems(changes=[many[0], many[0]])[0]
    assert (
        "one of its parent directories is another file"
        in problems(changes=[{"path": "a", "content": ""}, {"path": "a/b", "content": ""}])[0]
    )
    assert "is a team" in problems({"forges": [{**FORGE, "kind": "gitlab"}]}, reviewers=["acme/owners"])[0]


def test_the_base_cannot_be_the_branch_of_an_execution(site):
    with pytest.raises(ValidationError):
        parse(base="kubernaut/roll-web-0f8fad5b")
    assert site.step("dry-run", TAG).state == "done"


def test_every_spelling_of_a_repository_is_the_same_target_and_the_forge_gets_the_users_own():
    target = plugin.describe().target
    assert target(parse(repository="Platform/PROD")) == target(parse(repository="platform/prod"))
    configured = {"forges": [{**FORGE, "repositories": ["platform/prod"]}]}
    assert problems(configured, repository="Platform/PROD") == []
    execution = Execution(
        "x",
        "production",
        UID,
        "gitops-pr",
        parse(repository="Platform/PROD"),
        GitOpsSettings.model_validate(configured),
        "image",
    )
    assert "Platform/PROD" in json.dumps(plugin.build_job(execution))
