"""What may be asked for, and by whom: refused before a pod exists."""

import json

import pytest
from pydantic import ValidationError

from kubernaut.api.plugin import Execution
from kubernaut_gitops_pr import plugin
from kubernaut_gitops_pr.allowed import allows_repository, forge_for
from kubernaut_gitops_pr.demo_forge import EXAMPLE, settings, surroundings
from kubernaut_gitops_pr.parameters import GitOpsPr
from kubernaut_gitops_pr.settings import GitOpsSettings
from tests.plugins.gitops_pr.pod import TAG, UID

FORGE = settings("https://git.example.com")["forges"][0]


def parsed(**more):
    return GitOpsPr.model_validate_json(json.dumps({**EXAMPLE, **more}), strict=True)


def problems(configured=None, namespace="production", **more):
    known = GitOpsSettings.model_validate({"forges": [FORGE]} if configured is None else configured)
    execution = Execution("x", namespace, UID, "gitops-pr", parsed(**more), known, "image")
    return [str(problem) for problem in plugin.validate(execution)]


def test_the_example_is_valid_where_its_surroundings_are():
    with surroundings() as around:
        assert problems(dict(around.settings)) == []
        assert around.objects[0]["kind"] == "Secret"


@pytest.mark.parametrize(
    "repository",
    [
        "gitops",
        "https://github.com/a/b",
        "a/b.git",
        "/a/b",
        "a/b/",
        "a//b",
        "../a/b",
        "a/..",
        "git@host:a/b",
        "a/b?x",
        "a/b#c",
        "-a/b",
        "a/b\n",
        "a@b/c",
        "a/%2e%2e",
    ],
)
def test_a_repository_that_is_no_plain_name_is_refused(repository):
    with pytest.raises(ValidationError):
        parsed(repository=repository)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd",
        "../x.yaml",
        "a/../../x",
        "a//b",
        "a/",
        "./a",
        ".git/config",
        "a/.GIT/hooks/x",
        ".git /x",
        ".git./x",
        "git~1/x",
        ".g\u200cit/x",
        "a\\b",
        "a\x00b",
        "a\nb",
        "x" * 1001,
    ],
)
def test_a_path_that_leaves_the_repository_is_refused(path):
    with pytest.raises(ValidationError):
        parsed(changes=[{"path": path, "content": "x"}])


@pytest.mark.parametrize(
    "base",
    [
        "",
        "-x",
        "a..b",
        "a b",
        "a~1",
        "a^",
        "a:b",
        "a?",
        "a*",
        "a[b",
        "a\\b",
        "/a",
        "a/",
        "a//b",
        ".a",
        "a/.b",
        "a.",
        "a.lock",
        "a.lock/b",
        "a@{1}",
        "@",
        "a\x7f",
        "kubernaut/x",
    ],
)
def test_a_branch_name_that_git_refuses_is_refused(base):
    with pytest.raises(ValidationError):
        parsed(base=base)


@pytest.mark.parametrize(
    "change",
    [
        {"path": "a.yaml"},
        {"path": "a.yaml", "set": {}},
        {"path": "a.yaml", "remove": []},
        {"path": "a.yaml", "set": {"a": 1}, "content": "x"},
        {"path": "a.yaml", "set": {"a": 1}, "remove": ["b"]},
        {"path": "a.txt", "set": {"a": 1}},
        {"path": "a.yaml", "set": {"a..b": 1}},
        {"path": "a.yaml", "append": {"": 1}},
        {"path": "a.json", "set": {"a": 1}, "document": 1},
        {"path": "a.yaml", "content": "x", "document": 1},
        {"path": "a.yaml", "set": {"a": 1}, "document": -1},
        {"path": "a.yaml", "replace": {"a": 1}},
        {"path": "a.yaml", "set": {"a": [{"b": float("nan")}]}},
        {"path": "a.yaml", "content": 5},
    ],
    ids=lambda c: json.dumps(c)[:60],
)
def test_a_change_that_cannot_be_meant_is_refused(change):
    with pytest.raises(ValidationError):
        parsed(changes=[change])


@pytest.mark.parametrize(
    "more",
    [
        {"title": ""},
        {"title": " "},
        {"title": "a\nb"},
        {"title": "a\x1b[31m"},
        {"title": "x" * 251},
        {"title": "a\u2028b"},
        {"body": "\x00"},
        {"labels": ["a,b"]},
        {"labels": [""]},
        {"reviewers": ["a b"]},
        {"reviewers": ["@a"]},
        {"reviewers": ["a/b/c"]},
        {"draft": "yes"},
        {"changes": []},
        {"namespace": "kube-system"},
        {"token": "x"},
    ],
    ids=str,
)
def test_other_parameters_that_cannot_be_meant_are_refused(more):
    with pytest.raises(ValidationError):
        parsed(**more)


def test_nobody_may_use_anything_before_the_admin_says_so():
    assert "no forge is configured" in problems({})[0]
    assert "not on the list" in problems({"forges": [{**FORGE, "repositories": []}]})[0]
    assert "namespace production may not use" in problems({"forges": [{**FORGE, "namespaces": []}]})[0]


def test_what_is_not_on_the_list_is_refused():
    assert "platform/other is not on the list" in problems(repository="platform/other")[0]
    assert (
        "namespace staging may not"
        in problems({"forges": [{**FORGE, "namespaces": ["prod*"]}]}, namespace="staging")[0]
    )
    assert problems({"forges": [{**FORGE, "namespaces": ["prod*"]}]}) == []


def test_more_problems_are_told_at_once():
    many = [{"path": f"{i}.txt", "content": ""} for i in range(21)]
    assert "21 files are more than the 20" in problems(changes=many)[0]
    assert "twice" in problems(changes=[many[0], many[0]])[0]
    assert "inside another file" in problems(changes=[{"path": "a", "content": ""}, {"path": "a/b", "content": ""}])[0]
    assert "is a team" in problems({"forges": [{**FORGE, "kind": "gitlab"}]}, reviewers=["acme/owners"])[0]


@pytest.mark.parametrize(
    ("pattern", "repository", "allowed"),
    [
        ("platform/gitops", "platform/gitops", True),
        ("platform/*", "platform/gitops", True),
        ("platform/*", "platform/sub/gitops", False),
        ("*/*", "a/b", True),
        ("group/**", "group/a/b", True),
        ("group/**", "group", False),
        ("group/**", "groups/a", False),
        ("**", "a/b/c", True),
        ("platform/gitops", "platform/GitOps", False),
        ("platform/g", "platform/gitops", False),
        ("platform/*-prod", "platform/web-prod", True),
    ],
)
def test_patterns_match_segment_by_segment(pattern, repository, allowed):
    assert allows_repository([pattern], repository) is allowed


def test_the_first_forge_that_allows_both_is_taken():
    forges = [{**FORGE, "namespaces": ["staging"]}, {**FORGE, "namespaces": ["production"]}]
    assert forge_for(forges, "platform/gitops", "production") == (1, "")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "github.com",
        "http://github.com",
        "https://user:pw@github.com",
        "https://github.com?x=1",
        "ssh://github.com",
        "file:///x",
        "http://127.0.0.1.evil.com",
    ],
)
def test_a_forge_is_reached_by_https_alone(url):
    with pytest.raises(ValidationError):
        GitOpsSettings.model_validate({"forges": [{**FORGE, "url": url}]})


def test_an_execution_of_any_name_gets_a_branch_that_its_base_cannot_be(site):
    with pytest.raises(ValidationError):
        parsed(base="kubernaut/roll-web-0f8fad5b")
    assert site.step("dry-run", TAG).state == "done"
