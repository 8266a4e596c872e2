"""The same request again: the open pull request that already proposes it is returned."""

import pytest

from kubernaut_gitops_pr.demo_forge import FILES
from tests.plugins.gitops_pr.pod import BRANCH

VALUES = "apps/web/values.yaml"
OTHER = {"name": "roll-again", "uid": "7c9e6679-7425-40de-944b-e07fc1f90ae7"}
THIRD = {"name": "roll-third", "uid": "16fd2706-8baf-433b-82eb-8c7fada847da"}


@pytest.fixture(params=["site", "gitlab"])
def either(request):
    """Return a site with a GitHub, then one with a GitLab."""
    return request.getfixturevalue(request.param)


def test_the_same_request_twice_more_returns_the_open_pull_request(either):
    first, *more = either.step("execute"), either.step("execute", **OTHER), either.step("execute", **THIRD)
    for result in more:
        assert result.state == "done", result.message
        for key in ("pull_request", "branch", "commit", "pull_request_state"):
            assert result.outputs[key] == first.outputs[key]
        assert result.changes == []
    assert (len(either.forge.pulls), either.branches()) == (1, [BRANCH, "main"])


def test_the_dry_run_names_the_open_pull_request_and_still_shows_the_changes(either):
    first = either.step("execute")
    result = either.step("dry-run", **OTHER)
    assert result.outputs["pull_request"] == first.outputs["pull_request"]
    assert result.fields() == {"image.tag": ("1.27.3", "1.28.0")}
    assert "already proposes these changes" in result.printed


def test_a_second_attempt_finds_it_again(either):
    either.step("execute")
    either.step("execute", **OTHER)
    assert either.step("execute", **OTHER).state == "done"
    assert len(either.forge.pulls) == 1


def test_a_pull_request_of_a_person_with_the_same_tree_counts(site):
    site.git("branch", "by-hand", "main")
    site.push("by-hand", {VALUES: FILES[VALUES].replace("1.27.3", "1.28.0")})
    open_pull(site, "by-hand")
    result = site.step("execute")
    assert result.outputs["branch"] == "by-hand"
    assert len(site.forge.pulls) == 1


def open_pull(site, branch, base="main", repository="platform/gitops"):
    number = len(site.forge.pulls) + 1
    site.forge.pulls.append(
        {
            "number": number,
            "html_url": f"{site.server.url}/platform/gitops/pull/{number}",
            "state": "open",
            "merged_at": None,
            "head": {"ref": branch, "sha": "0" * 40, "repo": repository and {"full_name": repository}},
            "base": {"ref": base, "repo": {"full_name": "platform/gitops"}},
            "labels": [],
            "requested_reviewers": [],
            "repository": "platform/gitops",
        }
    )


@pytest.mark.parametrize(
    "change", ["closed", "merged", "another base", "another value", "in a fork", "fork deleted", "branch deleted"]
)
def test_what_is_not_the_same_open_request_does_not_count(site, change):
    site.step("execute")
    [pull] = site.forge.pulls
    request = {}
    if change == "closed":
        pull["state"] = "closed"
    elif change == "merged":
        pull |= {"state": "closed", "merged_at": "2024-05-01T00:00:00Z"}
    elif change == "another base":
        site.git("branch", "release", "main")
        request = {"base": "release"}
    elif change == "another value":
        request = {"changes": [{"path": VALUES, "set": {"image.tag": "1.29.0"}}]}
    elif change == "branch deleted":
        site.git("update-ref", "-d", f"refs/heads/{BRANCH}")
    else:
        pull["head"]["repo"] = {"full_name": "else/gitops"} if change == "in a fork" else None
    result = site.step("execute", **OTHER, **request)
    assert result.state == "done", result.message
    assert len(site.forge.pulls) == 2


def test_on_gitlab_a_merge_request_from_a_fork_or_for_another_branch_does_not_count(gitlab):
    gitlab.step("execute")
    gitlab.forge.pulls[0]["source_project_id"] = 2
    assert gitlab.step("execute", **OTHER).outputs["pull_request"] == gitlab.forge.pulls[1]["web_url"]
    gitlab.git("branch", "release", "main")
    gitlab.step("execute", base="release", **THIRD)
    assert len(gitlab.forge.pulls) == 3


def test_the_request_counts_while_the_base_moves_elsewhere_but_not_when_the_same_file_changes(either):
    either.step("execute")
    either.push("main", {"other.txt": "new\n"})
    either.step("execute", **OTHER)
    assert len(either.forge.pulls) == 1
    either.push("main", {VALUES: FILES[VALUES].replace("replicas: 3", "replicas: 4")})
    either.step("execute", **THIRD)
    assert len(either.forge.pulls) == 2


def test_a_branch_to_which_a_person_has_added_something_does_not_count(site):
    site.step("execute")
    site.push(BRANCH, {"other.txt": "more\n"})
    site.step("execute", **OTHER)
    assert len(site.forge.pulls) == 2
