"""The pod side's connection: which requests it repeats, which it never repeats, and which certificates it trusts."""

import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from kubernaut.runner import http_client as module
from kubernaut.runner.answers import Answer
from kubernaut.runner.exceptions import TryAgain, Unanswered
from kubernaut.runner.http_client import Connection
from kubernaut_sandbox.tls import make_authority

HANG_UP = 0
"""Instead of a status: read the request, and close the connection without an answer."""


class Server(ThreadingHTTPServer):
    """An API server that gives scripted answers, and records its requests and the number of connections."""

    daemon_threads = True

    def __init__(self, context, address):
        super().__init__((address, 0), Handler)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.answers, self.requests, self.connections, self._last = [], [], 0, None

    def process_request(self, request, client_address):
        self.connections += 1
        self._last = request
        super().process_request(request, client_address)

    def hang_up(self):
        self._last.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request, client_address):
        """Print nothing when a client that does not trust it hangs up."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.requests.append((self.command, self.path, body.decode()))
        status, *headers = self.server.answers.pop(0)
        if status == HANG_UP:
            self.close_connection = True
            return
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_GET = do_PATCH = do_POST = answer  # noqa: N815 - the names are http.server's

    def log_message(self, *_):
        """Print nothing."""


@pytest.fixture
def pauses(monkeypatch):
    slept = []
    monkeypatch.setattr(module.time, "sleep", slept.append)
    return slept


@contextmanager
def serving(tmp_path, monkeypatch, address="127.0.0.1"):
    authority = make_authority(tmp_path)
    server = Server(authority.context, address)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", address)
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(server.server_port))
    monkeypatch.setattr(module.pod, "ca_file", lambda: str(authority.ca_file))
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def server(tmp_path, monkeypatch, pauses):
    with serving(tmp_path, monkeypatch) as server:
        yield server


@pytest.fixture
def ask():
    connection = Connection()
    yield (
        lambda method="PATCH", *, again=False: (
            connection.request(method, "/api/v1/things/x", {}, "{}", again=again).status
        )
    )
    connection.close()


def test_requests_share_one_connection(server, ask):
    server.answers = [(200,)] * 3
    assert [ask() for _ in range(3)] == [200] * 3
    assert server.connections == 1
    assert server.requests == [("PATCH", "/api/v1/things/x", "{}")] * 3


@pytest.mark.parametrize("busy", [429, 503])
def test_a_request_to_a_busy_server_is_retried_after_the_pause_that_it_asks_for(server, ask, pauses, busy):
    server.answers = [(busy,), (busy, ("Retry-After", "3")), (busy, ("Retry-After", "3600")), (200,)]
    assert ask() == 200
    assert pauses == [0.0, 3.0, 10.0]


def test_a_request_to_a_server_that_stays_busy_is_sent_five_times(server, ask):
    server.answers = [(503,)] * 5
    assert ask() == 503
    assert not server.answers


@pytest.mark.parametrize("broken", [500, 502, 504])
def test_a_request_that_failed_in_transit_is_retried_only_if_it_is_safe_to_repeat(server, ask, broken):
    server.answers = [(broken,)]
    assert ask() == broken
    server.answers = [(broken,), (broken,), (200,)]
    assert ask(again=True) == 200


def test_a_write_that_got_no_answer_is_not_sent_again(server, ask, pauses):
    server.answers = [(HANG_UP,)]
    with pytest.raises(Unanswered, match="no answer from the API server at https://127"):
        ask()
    assert len(server.requests) == 1
    assert pauses == []


def test_a_request_that_is_safe_to_repeat_is_sent_again_over_a_new_connection(server, ask):
    server.answers = [(HANG_UP,), (HANG_UP,), (200,)]
    assert ask("GET", again=True) == 200
    assert server.connections == 3


def test_a_connection_that_the_server_closed_between_two_requests_is_opened_again(server, ask):
    server.answers = [(200, ("Connection", "close")), (200,)]
    assert [ask(), ask()] == [200, 200]


def test_no_write_is_lost_when_the_server_closes_an_idle_connection(server, ask):
    server.answers = [(200,), (200,)]
    ask()
    server.hang_up()
    assert ask() == 200
    assert server.connections == 2


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unreachable_server_is_tried_five_times(server, ask, monkeypatch, pauses, method):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(unused.getsockname()[1]))
        with pytest.raises(TryAgain, match="Connection refused") as caught:
            ask(method)
    assert not isinstance(caught.value, Unanswered)
    assert pauses == [0.0, 0.5, 1.0, 2.0]


def test_a_server_with_an_untrusted_certificate_gets_no_request(server, ask, tmp_path, monkeypatch):
    (tmp_path / "other").mkdir()
    other = make_authority(tmp_path / "other")
    monkeypatch.setattr(module.pod, "ca_file", lambda: str(other.ca_file))
    with pytest.raises(TryAgain, match="certificate verify failed"):
        ask()
    assert server.requests == []


def test_a_server_under_another_name_gets_no_request(tmp_path, monkeypatch, pauses, ask):
    with serving(tmp_path, monkeypatch, "127.0.0.2") as server:
        with pytest.raises(TryAgain, match="certificate is not valid for '127"):
            ask()
        assert server.requests == []


@pytest.mark.parametrize(
    ("cause", "tries"), [("DisruptionBudget", 1), ("Other", 5)], ids=["a budget says no", "the server is busy"]
)
@pytest.mark.usefixtures("pauses")
def test_an_eviction_that_a_budget_forbids_is_not_asked_for_again_at_once(monkeypatch, cause, tries):
    connection, sent = Connection(), []
    body = b'{"details": {"causes": [{"reason": "%s"}]}}' % cause.encode()

    def send(*request):
        sent.append(request)
        return Answer(429, body)

    monkeypatch.setattr(connection, "_send", send)
    assert connection.request("POST", "/x", {}, "{}", again=False).status == 429
    assert len(sent) == tries
