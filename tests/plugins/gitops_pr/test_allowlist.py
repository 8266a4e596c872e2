"""The allowlist of repositories and namespaces."""

import pytest

from kubernaut_gitops_pr.allowlist import allows_repository, find_forge
from kubernaut_gitops_pr.demo_forge import settings

FORGE = settings("https://git.example.com")["forges"][0]


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
        ("platform/gitops", "platform/GitOps", True),
        ("Platform/*", "platform/gitops", True),
        ("platform/[A-F]*", "PLATFORM/dev", True),
        ("platform/[A-F]*", "platform/prod", False),
        ("platform/[!P]*", "platform/PROD", False),
        ("platform/g", "platform/gitops", False),
        ("platform/*-prod", "platform/web-prod", True),
    ],
)
def test_patterns_match_segment_by_segment(pattern, repository, allowed):
    assert allows_repository([pattern], repository) is allowed


def test_the_first_forge_that_allows_both_is_used():
    forges = [{**FORGE, "namespaces": ["staging"]}, {**FORGE, "namespaces": ["production"]}]
    assert find_forge(forges, "platform/gitops", "production") == (1, "")


def test_another_spelling_is_allowed_no_more_than_the_name_itself():
    forges = [{**FORGE, "repositories": ["platform/prod"], "namespaces": ["production"]}]
    for name in ("platform/prod", "platform/PROD", "Platform/Prod"):
        assert find_forge(forges, name, "production") == (0, "")
        assert find_forge(forges, name, "staging")[0] == -1
