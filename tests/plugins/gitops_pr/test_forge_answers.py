"""The outcome of each answer that the documentation of the forges shows, and of the answers of a git server."""

import pytest

from kubernaut_gitops_pr import demo_git
from kubernaut_gitops_pr.demo_git import Reply
from tests.plugins.gitops_pr.pod import BRANCH

REPO, PROJECT = "/repos/platform/gitops", "/projects/platform%2Fgitops"
NO_PERMISSION = {
    "message": "Resource not accessible by personal access token",
    "documentation_url": "https://docs.github.com",
}
INVALID = {"message": "Validation Failed", "errors": [{"resource": "PullRequest", "field": "base", "code": "invalid"}]}
NO_SCOPE = {
    "error": "insufficient_scope",
    "error_description": "The request requires higher privileges",
    "scope": "api",
}


@pytest.mark.parametrize(
    ("code", "content", "words"),
    [
        (
            401,
            {"message": "Bad credentials"},
            "Secret gitops-token (key token) of namespace production is wrong or has expired",
        ),
        (
            403,
            NO_PERMISSION,
            "lacks a permission for platform/gitops: it needs read access to metadata, and write access",
        ),
        (404, {"message": "Not Found"}, "does not exist, or the token in Secret gitops-token"),
        (422, INVALID, "Validation Failed; resource: PullRequest, field: base, code: invalid"),
        (301, {"message": "Moved Permanently"}, "has moved, and redirects are not followed"),
    ],
    ids=lambda v: str(v) if isinstance(v, int) else "",
)
@pytest.mark.parametrize("ending", [("GET", REPO), ("POST", f"{REPO}/pulls")], ids=["repository", "opening"])
def test_a_rejection_by_github_has_a_message_with_the_remedy(site, code, content, words, ending):
    site.api.answer(*ending, Reply(code, content, {"Location": "http://127.0.0.2:9/"} if code == 301 else {}))
    result = site.step("execute")
    assert result.state == "rejected"
    assert words in result.message


@pytest.mark.parametrize(
    ("code", "content", "words"),
    [
        (401, {"message": "401 Unauthorized"}, "is wrong or has expired"),
        (403, NO_SCOPE, "it needs the scopes api and write_repository"),
        (404, {"message": "404 Project Not Found"}, "does not exist, or the token"),
        (422, {"message": {"base": ["Invalid branch"]}}, "base: Invalid branch"),
        (400, {"message": {"target_branch": ["can't be blank"]}}, "target_branch: can't be blank"),
    ],
    ids=lambda v: str(v) if isinstance(v, int) else "",
)
def test_a_rejection_by_gitlab_has_a_message_with_the_remedy(gitlab, code, content, words):
    gitlab.api.answer("POST", "/merge_requests", Reply(code, content))
    result = gitlab.step("execute")
    assert result.state == "rejected"
    assert words in result.message


@pytest.mark.parametrize("code", [429, 500, 502, 503])
def test_a_busy_forge_fails_the_attempt_but_not_the_execution(site, code):
    site.api.answer("GET", REPO, Reply(code, {"message": "later"}, {"Retry-After": "30"}))
    result = site.step("dry-run")
    assert result.state == "error"
    assert f"{code} later" in result.message


def test_an_unreachable_forge_fails_the_attempt_but_not_the_execution(site):
    site.settings["forges"][0]["api"] = "http://127.0.0.1:9"
    assert site.step("dry-run").state == "error"


@pytest.mark.parametrize("which", ["site", "gitlab"])
def test_a_pull_request_that_already_exists_is_found(which, request):
    site = request.getfixturevalue(which)
    site.step("execute")
    first = "/pulls" if which == "site" else "/merge_requests"
    site.api.answer("GET", first, Reply(200, []))  # as if the first request came too early
    result = site.step("execute")
    assert (result.state, len(site.forge.pulls)) == ("done", 1)


def test_the_dry_run_rejects_archived_and_read_only_repositories(site):
    site.api.answer("GET", REPO, Reply(200, {"archived": True}), Reply(200, {"permissions": {"push": False}}))
    assert "archived" in site.step("dry-run").message
    assert "can read platform/gitops, but is not allowed to push to it" in site.step("dry-run").message


def test_the_dry_run_rejects_a_guest_of_a_gitlab_project(gitlab):
    gitlab.forge.access_level = 20
    assert "at least the role Developer" in gitlab.step("dry-run").message


def test_the_dry_run_rejects_reviewers_who_are_not_collaborators(site):
    site.api.answer("GET", f"{REPO}/collaborators/nobody", Reply(404, {"message": "Not Found"}))
    assert "nobody is not a collaborator" in site.step("dry-run", reviewers=["nobody"]).message


def test_the_dry_run_rejects_a_reviewer_whom_gitlab_does_not_know(gitlab):
    assert "GitLab has no user nobody" in gitlab.step("dry-run", reviewers=["nobody"]).message


def test_when_reviewers_are_rejected_the_message_still_names_the_pull_request(site):
    rejection = Reply(422, {"message": "Reviews may only be requested from collaborators."})
    site.api.answer("POST", "/requested_reviewers", rejection)
    result = site.step("execute", reviewers=["acme/owners"])
    assert result.state == "rejected"
    assert site.forge.pulls[0]["html_url"] in result.message
    assert result.outputs["pull_request"] == site.forge.pulls[0]["html_url"]


def failing(code, headers=None):
    def git(handler, *_):
        handler._reply(Reply(code, {"message": "no"}, headers or {}))

    return git


@pytest.mark.parametrize(
    ("code", "state", "words"),
    [
        (401, "rejected", "does not accept the token"),
        (403, "rejected", "allow it to read and write contents"),
        (404, "rejected", "does not exist, or the token"),
        (429, "error", "could not be reached"),
        (503, "error", "could not be reached"),
        (302, "rejected", "has moved, and redirects are not followed"),
    ],
)
def test_each_error_of_a_git_server_has_its_own_message(site, monkeypatch, code, state, words):
    elsewhere = {"Location": f"{site.server.url.replace('127.0.0.1', '127.0.0.2')}/platform/gitops.git/info/refs"}
    monkeypatch.setattr(demo_git._Handler, "_git", failing(code, elsewhere if code == 302 else {}))
    result = site.step("execute")
    assert (result.state, words in result.message) == (state, True), result.message


def test_the_dry_run_rejects_a_token_that_is_not_allowed_to_push(site, monkeypatch):
    original = demo_git._Handler._git

    def git(handler, path, body):
        is_push = "service=git-receive-pack" in handler.path
        failing(403)(handler) if is_push else original(handler, path, body)

    monkeypatch.setattr(demo_git._Handler, "_git", git)
    result = site.step("dry-run")
    assert (result.state, "write contents" in result.message) == ("rejected", True)


def test_the_message_quotes_the_hook_that_declines_a_branch(site):
    hook = site.root / "platform/gitops.git/hooks/pre-receive"
    hook.parent.mkdir()
    hook.write_text("#!/bin/sh\necho 'GH013: only humans push here' >&2\nexit 1\n")
    hook.chmod(0o755)
    result = site.step("execute")
    assert result.state == "rejected"
    assert f"platform/gitops rejected the branch {BRANCH}, so nothing was pushed" in result.message
    assert "only humans push here" in result.message
    assert BRANCH not in site.branches()
