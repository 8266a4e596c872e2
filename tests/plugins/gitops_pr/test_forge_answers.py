"""What becomes of each answer that the forges' documentation shows, and of those of a git server."""

import pytest

from kubernaut.runner import Rejected, TryAgain
from kubernaut_gitops_pr import demo_git
from kubernaut_gitops_pr.demo_git import Reply
from kubernaut_gitops_pr.forges.http import Http
from kubernaut_gitops_pr.patience import Patience
from kubernaut_gitops_pr.secrets import Token
from kubernaut_gitops_pr.troubles import Explainer
from tests.plugins.gitops_pr.conftest import TOKEN
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
        (301, {"message": "Moved Permanently"}, "has moved: redirects are not followed"),
    ],
    ids=lambda v: str(v) if isinstance(v, int) else "",
)
@pytest.mark.parametrize("ending", [("GET", REPO), ("POST", f"{REPO}/pulls")], ids=["repository", "opening"])
def test_github_refuses_and_the_message_says_what_to_do(site, code, content, words, ending):
    site.api.answer(*ending, Reply(code, content, {"Location": "http://127.0.0.2:9/"} if code == 301 else {}))
    told = site.step("execute")
    assert told.state == "rejected"
    assert words in told.message


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
def test_gitlab_refuses_and_the_message_says_what_to_do(gitlab, code, content, words):
    gitlab.api.answer("POST", "/merge_requests", Reply(code, content))
    told = gitlab.step("execute")
    assert told.state == "rejected"
    assert words in told.message


@pytest.mark.parametrize("code", [429, 500, 502, 503])
def test_a_busy_forge_is_worth_another_attempt(site, code):
    site.api.answer("GET", REPO, Reply(code, {"message": "later"}, {"Retry-After": "30"}))
    told = site.step("dry-run")
    assert told.state == "error"
    assert f"{code} later" in told.message


def test_a_forge_that_is_not_there_is_worth_another_attempt(site):
    site.settings["forges"][0]["api"] = "http://127.0.0.1:9"
    assert site.step("dry-run").state == "error"


@pytest.mark.parametrize("which", ["site", "gitlab"])
def test_a_pull_request_that_exists_already_is_found(which, request):
    site = request.getfixturevalue(which)
    site.step("execute")
    first = "/pulls" if which == "site" else "/merge_requests"
    site.api.answer("GET", first, Reply(200, []))  # as if the first look came too early
    told = site.step("execute")
    assert (told.state, len(site.forge.pulls)) == ("done", 1)


def test_archived_and_read_only_repositories_are_refused_by_the_dry_run(site):
    site.api.answer("GET", REPO, Reply(200, {"archived": True}), Reply(200, {"permissions": {"push": False}}))
    assert "archived" in site.step("dry-run").message
    assert "may read platform/gitops but not push to it" in site.step("dry-run").message


def test_a_guest_of_a_gitlab_project_is_refused_by_the_dry_run(gitlab):
    gitlab.forge.access_level = 20
    assert "at least the role Developer" in gitlab.step("dry-run").message


def test_reviewers_that_cannot_be_asked_are_refused_by_the_dry_run(site):
    site.api.answer("GET", f"{REPO}/collaborators/nobody", Reply(404, {"message": "Not Found"}))
    assert "nobody is no collaborator" in site.step("dry-run", reviewers=["nobody"]).message


def test_a_user_that_gitlab_does_not_know_is_refused_by_the_dry_run(gitlab):
    assert "GitLab has no user nobody" in gitlab.step("dry-run", reviewers=["nobody"]).message


def test_reviewers_refused_at_the_end_do_not_hide_the_pull_request(site):
    refusal = Reply(422, {"message": "Reviews may only be requested from collaborators."})
    site.api.answer("POST", "/requested_reviewers", refusal)
    told = site.step("execute", reviewers=["acme/owners"])
    assert told.state == "rejected"
    assert site.forge.pulls[0]["html_url"] in told.message
    assert told.outputs["pull_request"] == site.forge.pulls[0]["html_url"]


def failing(code, headers=None):
    def git(handler, *_):
        handler._reply(Reply(code, {"message": "no"}, headers or {}))

    return git


@pytest.mark.parametrize(
    ("code", "state", "words"),
    [
        (401, "rejected", "does not accept the token"),
        (403, "rejected", "let it read and write contents"),
        (404, "rejected", "does not exist, or the token"),
        (429, "error", "could not be reached"),
        (503, "error", "could not be reached"),
        (302, "rejected", "has moved: redirects are not followed"),
    ],
)
def test_a_git_server_that_refuses_is_understood(site, monkeypatch, code, state, words):
    elsewhere = {"Location": f"{site.server.url.replace('127.0.0.1', '127.0.0.2')}/platform/gitops.git/info/refs"}
    monkeypatch.setattr(demo_git._Handler, "_git", failing(code, elsewhere if code == 302 else {}))
    told = site.step("execute")
    assert (told.state, words in told.message) == (state, True), told.message


def test_a_token_that_may_not_push_is_told_by_the_dry_run(site, monkeypatch):
    served = demo_git._Handler._git

    def git(handler, path, body):
        refused = "service=git-receive-pack" in handler.path
        failing(403)(handler) if refused else served(handler, path, body)

    monkeypatch.setattr(demo_git._Handler, "_git", git)
    told = site.step("dry-run")
    assert (told.state, "write contents" in told.message) == ("rejected", True)


def test_a_branch_that_a_hook_declines_is_told_with_the_servers_words(site):
    hook = site.root / "platform/gitops.git/hooks/pre-receive"
    hook.parent.mkdir()
    hook.write_text("#!/bin/sh\necho 'GH013: only humans push here' >&2\nexit 1\n")
    hook.chmod(0o755)
    told = site.step("execute")
    assert told.state == "rejected"
    assert "must allow kubernaut/* to be pushed" in told.message
    assert "only humans push here" in told.message
    assert BRANCH not in site.branches()


@pytest.fixture
def http(site):
    slept = []
    token = Token(TOKEN, "x-access-token")
    made = Http(
        f"{site.server.url}/api/v3",
        token,
        Explainer("platform/gitops", "Secret s"),
        Patience(60, slept.append),
        "rights",
    )
    return made, slept


def test_a_retry_waits_as_long_as_the_forge_asks(site, http):
    site.api.answer("GET", REPO, Reply(429, {}, {"Retry-After": "7"}), Reply(403, {}, {"Retry-After": "5"}), Reply(502))
    made, slept = http
    assert made.get(REPO)["full_name"] == "platform/gitops"
    assert slept == [7.0, 5.0, 2.0]


def test_a_wait_that_is_longer_than_the_patience_is_not_begun(site, http):
    site.api.answer("GET", REPO, Reply(429, {}, {"Retry-After": "3600"}))
    made, slept = http
    with pytest.raises(TryAgain):
        made.get(REPO)
    assert slept == []


def test_retries_are_bounded(site, http):
    site.api.answer("GET", REPO, *[Reply(503)] * 9)
    made, slept = http
    with pytest.raises(TryAgain):
        made.get(REPO)
    assert len(slept) == 3


@pytest.mark.parametrize("code", [301, 302, 307, 308])
def test_a_redirect_to_another_host_never_gets_the_token(site, http, code):
    site.api.answer("GET", REPO, Reply(code, {}, {"Location": f"{site.server.url}/stolen"}))
    with pytest.raises(Rejected, match="has moved"):
        http[0].get(REPO)
    assert [call.path for call in site.api.calls] == [f"/api/v3{REPO}"]
