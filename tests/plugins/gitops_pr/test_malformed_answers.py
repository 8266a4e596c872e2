"""A forge that answers with something else than its API does, or does not answer: a bounded wait and an error that says what to check."""

import time
from threading import Event

import pytest

from kubernaut_gitops_pr import demo_git
from kubernaut_gitops_pr.demo_git import Reply
from kubernaut_gitops_pr.forges import http as http_module
from tests.plugins.gitops_pr.pod import BRANCH

HTML = b"<!doctype html>\n<title>Log in</title>\x1b[31m" + b"<p>Please log in.</p>" * 500


@pytest.fixture(params=["site", "gitlab"])
def either(request):
    """Return a site with a GitHub, then one with a GitLab."""
    return request.getfixturevalue(request.param)


LISTS = {"site": "/pulls", "gitlab": "/merge_requests"}
ANYTHING = [
    HTML,
    b"",
    b"[" * 100_000,
    b'{"a": ' + b"9" * 6000 + b"}",
    b"\xff\xfe",
    None,
    5,
    "text",
    [],
    [5],
    [[]],
    {},
    {"message": "ok"},
    {"archived": "no", "permissions": 5},
    [{"head": None}],
    [{"source_branch": 5, "head": {"ref": []}}],
    {
        "permissions": {"project_access": {"access_level": "high"}, "push": "yes"},
        "full_name": 1,
        "path_with_namespace": 1,
    },
]


@pytest.mark.parametrize("content", ANYTHING, ids=lambda c: repr(c)[:40])
@pytest.mark.parametrize("place", ["repository", "list", "opening"])
@pytest.mark.parametrize("step", ["dry-run", "execute"])
def test_any_answer_ends_the_step_with_a_short_message_and_records_only_what_was_pushed(
    either, request, step, place, content
):
    listing = LISTS[request.node.callspec.params["either"]]
    repository = "/repos/platform/gitops" if listing == "/pulls" else "/projects/platform%2Fgitops"
    method, ending = {"repository": ("GET", repository), "list": ("GET", listing), "opening": ("POST", listing)}[place]
    either.api.answer(method, ending, *[Reply(200, content)] * 9)
    result = either.step(step)
    assert result.state in {"done", "rejected"}, result.message
    assert len(result.message) < 700
    assert result.message.isprintable()
    assert "\x1b" not in result.printed
    if result.state == "rejected":
        assert "check kind, url and api in the settings of gitops-pr" in result.message
    pushed = BRANCH in either.branches()
    assert pushed == (step == "execute" and (place == "opening" or result.state == "done"))
    assert bool(result.changes) == (pushed or (step == "dry-run" and result.state == "done"))


def test_a_login_page_is_shown_as_what_it_is(either):
    either.api.answer("GET", "gitops", Reply(200, HTML))
    message = either.step("dry-run").message
    assert "has the status 200, but is not JSON: '<!doctype html> <title>Log in</title>" in message


def test_a_missing_field_is_named(site):
    site.api.answer(
        "POST", "/pulls", Reply(201, {"number": 1, "html_url": "https://x/1", "state": "open", "head": {"ref": "b"}})
    )
    site.api.answer("GET", "/pulls", *[Reply(200, [])] * 3)
    assert "it has no base" in site.step("execute").message


def test_a_field_of_another_type_is_named(site):
    site.api.answer("GET", "/pulls", Reply(200, [{"head": {"ref": BRANCH}, "state": "open", "number": "1"}]))
    assert "[0].number is '1', not a number" in site.step("execute").message


def test_a_link_that_is_not_a_url_is_not_passed_on(site):
    site.step("execute")
    site.forge.pulls[0]["html_url"] = "javascript:alert(1)"
    assert "html_url is 'javascript:alert(1)', not a URL" in site.step("execute").message


def test_a_pull_request_that_was_opened_with_an_unreadable_answer_is_found(either, request):
    listing, original = LISTS[request.node.callspec.params["either"]], either.api.behind

    def unreadable(call):
        reply = original(call)
        return Reply(200, HTML) if call.method == "POST" and call.path.endswith(listing) else reply

    either.api.behind = unreadable
    result = either.step("execute")
    assert (result.state, len(either.forge.pulls)) == ("done", 1)


def test_an_answer_that_is_too_long_is_not_read_to_its_end(site):
    site.api.answer("GET", "/repos/platform/gitops", Reply(200, b'"' + b"x" * 5_000_000 + b'"'))
    assert "is longer than 4 MB" in site.step("dry-run").message


@pytest.mark.parametrize("kind", ["no answer", "a slow answer", "a slow header"])
def test_a_forge_that_hangs_ends_the_attempt_within_the_limit(site, monkeypatch, kind):
    monkeypatch.setattr(http_module, "MAX_SECONDS", 0.6)
    finished = Event()

    def hang(handler, _reply):
        if kind == "a slow answer":
            handler.send_response(200)
            handler.send_header("Content-Length", "1000")
            handler.end_headers()
        elif kind == "a slow header":
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-A: ")
        while kind != "no answer" and not finished.wait(0.1):
            handler.wfile.write(b" ")
        finished.wait(20)

    monkeypatch.setattr(demo_git._Handler, "_reply", hang)
    started = time.monotonic()
    result = site.step("execute")
    elapsed = time.monotonic() - started
    finished.set()
    assert (result.state, result.changes) == ("error", [])
    assert "there was no complete answer within 0.6 s" in result.message
    assert elapsed < 5


def test_a_forge_that_hangs_after_the_push_reports_what_was_pushed(site, monkeypatch):
    monkeypatch.setattr(http_module, "MAX_SECONDS", 0.6)
    finished, original = Event(), demo_git._Handler._reply

    def hang(handler, reply):
        if handler.command == "POST" and "git-" not in handler.path:
            finished.wait(20)
        original(handler, reply)

    monkeypatch.setattr(demo_git._Handler, "_reply", hang)
    result = site.step("execute")
    finished.set()
    assert (result.state, result.fields()) == ("error", {"image.tag": ("1.27.3", "1.28.0")})
    assert BRANCH in site.branches()
