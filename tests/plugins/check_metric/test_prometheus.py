"""What Prometheus answers, by its documentation, and what becomes of it."""

import json
import math
import socket
import time

import pytest
from werkzeug import Response

from kubernaut.runner import Rejected
from kubernaut_check_metric import http
from kubernaut_check_metric.prometheus import Prometheus, Unavailable, in_words

SETTINGS = {"token_secret": None, "username": "", "password_secret": None, "ca_secret": None}
PATH = "/api/v1/query"


def series(value, **labels):
    return {"metric": labels, "value": [1435781451.781, value]}


def success(result, kind="vector", **more):
    return {"status": "success", "data": {"resultType": kind, "result": result}, **more}


def failure(kind, error):
    return {"status": "error", "errorType": kind, "error": error}


@pytest.fixture
def ask(httpserver):
    """Return a function that lets the server answer with this content and status, and asks it."""

    def run(content, status=200, query="up", **settings):
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        httpserver.expect_request(PATH).respond_with_data(body, status, content_type="application/json")
        return Prometheus({**SETTINGS, "url": httpserver.url_for("").rstrip("/"), **settings}).query(query)

    return run


@pytest.mark.parametrize(
    ("content", "number"),
    [
        (success([series("1.5", job="web")]), 1.5),
        (success([series("0")]), 0),
        (success([series("-1e-07")]), -1e-07),
        (success([1435781451.781, "42"], "scalar"), 42),
        (success([series("+Inf")]), math.inf),
        (success([series("-Inf")]), -math.inf),
        (success([]), None),
    ],
    ids=str,
)
def test_one_number_is_the_value(ask, content, number):
    assert ask(content).number == number


def test_nan_is_a_value(ask):
    assert math.isnan(ask(success([series("NaN")])).number)


def test_the_query_is_sent_as_it_is_and_the_path_of_the_url_is_kept(httpserver):
    httpserver.expect_request("/tenant/1/api/v1/query").respond_with_json(success([series("1")]))
    query = 'sum(rate(x{a=~"b|ü&c=d"}[5m])) + 1 % 2'
    Prometheus({**SETTINGS, "url": httpserver.url_for("/tenant/1")}).query(query)
    ((request, _),) = httpserver.log
    assert (request.method, request.args.to_dict()) == ("GET", {"query": query, "timeout": "25s"})
    assert "Authorization" not in request.headers


def test_warnings_are_handed_on(ask):
    assert ask(success([series("1")], warnings=["a\x1b[2J\nb", "c"])).warnings == ("a b", "c")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            success([series("1", __name__="up", job="web"), series("0", job="db")]),
            'the query returns 2 series, and not one (up{job="web"}, {job="db"}): it must have one value, such as max(…)',
        ),
        (
            success([series("1", i=str(n)) for n in range(30)]),
            '30 series, and not one ({i="0"}, {i="1"}, {i="2"} and 27 more)',
        ),
        (success([series("1", a="x" * 500), series("1")]), "2 series"),
        (success([{"metric": {}, "values": [[1, "2"]]}], "matrix"), "returns a matrix (the values of a range)"),
        (success([1, "text"], "string"), "returns a string (a text), and not one number"),
        (success([], "novel"), "returns a novel (which is unknown)"),
        (success([{"metric": {}, "histogram": [1, {"count": "1"}]}]), "a native histogram, and not one number"),
        (success([{"metric": {}}]), "does not answer as Prometheus does"),
        (success([{"metric": {}, "value": [1, 2]}]), "does not answer as Prometheus does"),
        (success([{"metric": {}, "value": [1, "many"]}]), "does not answer as Prometheus does"),
        (success([1]), "does not answer as Prometheus does"),
        (success({}, "vector"), "does not answer as Prometheus does"),
        ({"status": "success"}, "does not answer as Prometheus does"),
        ({"status": "success", "data": []}, "does not answer as Prometheus does"),
        ([], "does not answer as Prometheus does"),
        (
            b"<html>Sign in</html>",
            "does not answer as Prometheus does, see `url` in the settings: 200: <html>Sign in</html>",
        ),
        (b"[" * 100_000, "does not answer as Prometheus does"),
        (b'{"status": "success", "data": 1' + b"0" * 5000, "does not answer as Prometheus does"),
        (b" " * (1024 * 1024 + 1), "longer than 1024 KiB"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_what_is_not_one_number_is_rejected_with_the_remedy(ask, content, words):
    with pytest.raises(Rejected) as rejected:
        ask(content)
    assert words in str(rejected.value)
    assert len(str(rejected.value)) < 700


PARSE_ERROR = 'invalid parameter "query": 1:4: parse error: unclosed left parenthesis'


@pytest.mark.parametrize(
    ("status", "content", "words"),
    [
        (400, failure("bad_data", PARSE_ERROR), f"Prometheus answered 400 (bad_data): {PARSE_ERROR}"),
        (
            422,
            failure("execution", "many-to-many matching"),
            "Prometheus answered 422 (execution): many-to-many matching",
        ),
        (200, failure("bad_data", "no"), "Prometheus answered 200 (bad_data): no"),
        (401, {}, "refuses a request without a credential: 401"),
        (403, b"Forbidden\n", "refuses a request without a credential: 403: Forbidden"),
        (
            404,
            b"404 page not found",
            "does not answer as Prometheus does, see `url` in the settings: 404: 404 page not found",
        ),
        (400, failure("bad_data", "a\x1b[31mb\r\nc\u202e" + "x" * 5000), "ab cxxx"),
        (400, failure(["x"], {"a": 1}), "Prometheus answered 400: {'a': 1}"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_what_prometheus_refuses_is_rejected_with_its_own_words(ask, status, content, words):
    with pytest.raises(Rejected) as rejected:
        ask(content, status)
    assert words in str(rejected.value)
    assert len(str(rejected.value)) < 700
    assert str(rejected.value).isprintable()


@pytest.mark.parametrize(
    ("status", "content"),
    [
        (503, failure("timeout", "query timed out in expression evaluation")),
        (503, b"<html>no upstream</html>"),
        (500, failure("internal", "disk")),
        (429, b""),
        (408, b""),
        (200, failure("timeout", "query timed out")),
        (502, b"x" * (1024 * 1024 + 1)),
    ],
    ids=lambda value: str(value)[:50],
)
def test_what_may_pass_is_not_rejected(ask, status, content):
    with pytest.raises(Unavailable, match=f"Prometheus answered {status}"):
        ask(content, status)


def test_a_redirect_is_not_followed(httpserver):
    httpserver.expect_request(PATH).respond_with_response(Response(status=302, headers={"Location": "/login"}))
    with pytest.raises(
        Rejected, match=r"redirects the request, to .*/login \(302\), and none is followed: correct `url`"
    ):
        Prometheus({**SETTINGS, "url": httpserver.url_for("").rstrip("/")}).query("up")
    assert len(httpserver.log) == 1


def test_a_prometheus_that_is_down_is_not_rejected():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(Unavailable, match=f"Prometheus at {url} does not answer: .*refused"):
            Prometheus({**SETTINGS, "url": url}).query("up")


def test_a_name_that_no_host_has_is_not_rejected(monkeypatch):
    def nowhere(*_, **__):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    with pytest.raises(Unavailable, match="Name or service not known"):
        Prometheus({**SETTINGS, "url": "http://prometheus.nowhere.invalid:9090"}).query("up")


def test_a_name_that_cannot_be_one_is_an_answer_that_never_comes():
    with pytest.raises(Unavailable, match="does not answer"):
        Prometheus({**SETTINGS, "url": f"http://{'a' * 100}.example"}).query("up")


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{", b"nonsense\r\n\r\n"], ids=str)
def test_an_answer_that_breaks_off_is_not_rejected(answering, sent):
    with pytest.raises(Unavailable, match="does not answer"):
        Prometheus({**SETTINGS, "url": answering(sent)}).query("up")


def test_a_server_that_sends_a_byte_now_and_then_is_given_up(answering, monkeypatch):
    monkeypatch.setattr(http, "MAX_SECONDS", 0.5)
    url = answering(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 50, pause=0.1)
    started = time.monotonic()
    with pytest.raises(Unavailable, match=r"no complete answer within 0\.5 s"):
        Prometheus({**SETTINGS, "url": url}).query("up")
    assert time.monotonic() - started < 10


def test_a_compressed_answer_is_not_unpacked(ask):
    with pytest.raises(Rejected, match="does not answer as Prometheus does"):
        ask(b"\x1f\x8b\x08\x00\x00\x00\x00\x00")


@pytest.mark.parametrize(("number", "words"), [(0.1, "0.1"), (3.0, "3"), (math.nan, "NaN"), (-math.inf, "-Inf")])
def test_a_number_is_written_as_prometheus_writes_it(number, words):
    assert in_words(number) == words
