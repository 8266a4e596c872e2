"""A pull request under the execution's branch name is its own only if repository, base branch and content are."""

import pytest

from kubernaut_gitops_pr.demo_forge import FILES
from kubernaut_gitops_pr.demo_git import Reply
from tests.plugins.gitops_pr.pod import BRANCH

VALUES = "apps/web/values.yaml"
ELSEWHERE = "1" * 40


@pytest.fixture(params=["site", "gitlab"])
def either(request):
    """Return a site with a GitHub, then one with a GitLab."""
    return request.getfixturevalue(request.param)


def add(site, *, state="open", fork=False, base="main", commit=ELSEWHERE, branch=BRANCH):
    """Add a pull request by somebody else to the forge."""
    number = len(site.forge.pulls) + 1
    if hasattr(site.forge, "access_level"):
        pull = {
            "iid": number,
            "web_url": f"{site.server.url}/theirs/{number}",
            "state": {"open": "opened"}.get(state, state),
            "sha": commit,
            "source_project_id": 2 if fork else 1,
            "target_project_id": 1,
            "source_branch": branch,
            "target_branch": base,
        }
    else:
        pull = {
            "number": number,
            "html_url": f"{site.server.url}/theirs/{number}",
            "state": "open" if state == "open" else "closed",
            "merged_at": "2024-05-01T00:00:00Z" if state == "merged" else None,
            "head": {
                "ref": branch,
                "sha": commit,
                "repo": {"full_name": "platform/fork" if fork else "platform/gitops"},
            },
            "base": {"ref": base, "repo": {"full_name": "platform/gitops"}},
            "labels": [],
            "requested_reviewers": [],
            "repository": "platform/gitops",
        }
    site.forge.pulls.append(pull)
    return pull


def urls(site):
    return [pull.get("html_url") or pull["web_url"] for pull in site.forge.pulls]


STRANGERS = {
    "an open one of a fork, of any commit": {"fork": True},
    "a closed one of a fork": {"fork": True, "state": "closed"},
    "a merged one of a fork": {"fork": True, "state": "merged"},
    "an open one for another base": {"base": "release"},
    "a closed one for another base": {"base": "release", "state": "closed"},
    "a closed one with another commit": {"state": "closed"},
    "a merged one with another commit": {"state": "merged"},
}


@pytest.mark.parametrize("stranger", STRANGERS.values(), ids=STRANGERS)
@pytest.mark.parametrize("step", ["dry-run", "execute"])
def test_a_request_of_somebody_else_is_not_taken_for_the_executions_own(either, step, stranger):
    theirs = add(either, **stranger)
    _allow_second_request(either)
    result = either.step(step)
    assert result.state == "done", result.message
    assert result.fields() == {"image.tag": ("1.27.3", "1.28.0")}
    if step == "execute":
        assert result.outputs["pull_request"] == urls(either)[1]
        assert result.outputs["commit"] == either.git("rev-parse", BRANCH)
        assert BRANCH in either.branches()
    else:
        assert "pull_request" not in result.outputs
    assert either.forge.pulls[0] == theirs


def _allow_second_request(site):
    """Let the forge open a request although there is one for the branch in another repository or for another base, as real ones do."""
    original = site.api.behind

    def behind(call):
        if call.method != "POST":
            return original(call)
        first, site.forge.pulls[:] = list(site.forge.pulls), []
        number = len(first)
        reply = original(call)
        made = site.forge.pulls
        for pull in made:
            for key in ("html_url", "web_url"):
                if key in pull:
                    pull[key] += f"-{number}"
        site.forge.pulls[:] = [*first, *made]
        return reply

    site.api.behind = behind


@pytest.mark.parametrize("step", ["dry-run", "execute"])
def test_a_request_whose_branch_has_other_content_is_refused(either, step):
    either.git("branch", BRANCH, "main")
    theirs = either.push(BRANCH, {VALUES: "theirs: true\n"})
    add(either, commit=theirs)
    result = either.step(step)
    assert (result.state, len(either.forge.pulls)) == ("rejected", 1)
    assert "exists with other content" in result.message
    assert either.git("rev-parse", BRANCH) == theirs
    assert "pull_request" not in result.outputs


def test_a_request_with_a_second_commit_is_refused(either):
    assert either.step("execute").state == "done"
    commit = either.push(BRANCH, {"backdoor.txt": "x\n"})
    for pull in either.forge.pulls:
        pull.get("head", pull)["sha"] = commit
    assert "exists with other content" in either.step("execute").message


def test_an_open_request_with_another_commit_than_the_branch_ends_the_attempt_and_names_both(either):
    assert either.step("execute").state == "done"
    [pull] = either.forge.pulls
    pull.get("head", pull)["sha"] = ELSEWHERE
    result = either.step("execute")
    assert (result.state, len(either.forge.pulls)) == ("error", 1)
    assert f"has the commit {ELSEWHERE[:12]}, not {either.git('rev-parse', BRANCH)[:12]}" in result.message


@pytest.mark.parametrize("commit", ["main", "--upload-pack=touch x", "refs/heads/main", "0" * 40, "f" * 64])
def test_a_name_that_is_no_commit_of_the_repository_is_not_resumed(either, commit):
    add(either, state="closed", commit=commit)
    result = either.step("execute")
    assert (result.state, len(either.forge.pulls)) == ("done", 2), result.message


def test_the_executions_own_request_is_found_behind_those_of_forks(either):
    first = either.step("execute")
    for _ in range(12):
        add(either, fork=True, state="closed")
    second = either.step("execute")
    assert (second.state, second.outputs, second.changes) == ("done", first.outputs, first.changes)


@pytest.mark.parametrize("field", ["branch", "base"])
def test_an_answer_about_another_request_is_not_taken_for_the_one_that_was_opened(either, field):
    either.git("branch", "release", "main")
    original = either.api.behind

    def other(call):
        reply = original(call)
        if call.method != "POST":
            return reply
        pull = dict(reply.content)
        if "head" in pull:
            key = "head" if field == "branch" else "base"
            pull[key] = {**pull[key], "ref": "release"}
        else:
            pull["source_branch" if field == "branch" else "target_branch"] = "release"
        return Reply(201, pull)

    either.api.behind = other
    result = either.step("execute")
    assert (result.state, result.outputs["pull_request"]) == ("done", urls(either)[0])


def test_an_execution_whose_files_have_moved_on_still_finds_its_own_request(either):
    first = either.step("execute", {"path": VALUES, "set": {"image.tag": "1.28.0"}, "expect": {"image.tag": "1.27.3"}})
    either.push("main", {VALUES: FILES[VALUES].replace("1.27.3", "1.29.0")})
    again = either.step("execute", {"path": VALUES, "set": {"image.tag": "1.28.0"}, "expect": {"image.tag": "1.27.3"}})
    assert (again.state, again.outputs["pull_request"]) == ("done", first.outputs["pull_request"])
