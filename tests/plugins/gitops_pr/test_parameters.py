"""The parameters: what is invalid is rejected before a pod exists."""

import json

import pytest
from pydantic import ValidationError

from kubernaut_gitops_pr.demo_forge import EXAMPLE
from kubernaut_gitops_pr.parameters import GitOpsPr


def parse(**more):
    return GitOpsPr.model_validate_json(json.dumps({**EXAMPLE, **more}), strict=True)


def test_the_example_is_valid():
    assert parse().repository == EXAMPLE["repository"]


@pytest.mark.parametrize(
    "repository",
    [
        "gitops",
        "https://github.com/a/b",
        "a/b.git",
        "a/b.GIT",
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
def test_a_repository_that_is_not_a_plain_name_is_rejected(repository):
    with pytest.raises(ValidationError):
        parse(repository=repository)


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
def test_a_path_that_leaves_the_repository_is_rejected(path):
    with pytest.raises(ValidationError):
        parse(changes=[{"path": path, "content": "x"}])


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
def test_a_branch_name_that_git_does_not_accept_is_rejected(base):
    with pytest.raises(ValidationError):
        parse(base=base)


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
        {"path": "a.yaml", "content": "x", "expect": {"a": 1}},
        {"path": "a.yaml", "expect": {"a": 1}},
        {"path": "a.yaml", "set": {"a": 1}, "expect": {"a[b": 1}},
        {"path": "a.yaml", "set": {"a": 1}, "expect": {"a": float("inf")}},
    ],
    ids=lambda c: json.dumps(c)[:60],
)
def test_an_invalid_change_is_rejected(change):
    with pytest.raises(ValidationError):
        parse(changes=[change])


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
def test_other_invalid_parameters_are_rejected(more):
    with pytest.raises(ValidationError):
        parse(**more)
