"""A git server on loopback: git's own `http-backend` behind Python's HTTP server, for the demo and for tests.

It passes other requests to an API function, so that a forge can be built on it.
"""

from __future__ import annotations

import base64
import json
import os
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any
from urllib.parse import parse_qsl, urlsplit

_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Call:
    """A request to the API."""

    method: str
    path: str
    query: dict[str, str]
    body: dict[str, Any]
    token: str
    base: str
    """The server's own URL."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The API's answer."""

    code: int
    content: Any = None
    """What is sent as JSON, or bytes that are sent as they are; nothing if it is None."""
    headers: dict[str, str] = field(default_factory=dict)


Api = Callable[[Call], Reply]


class GitServer(ThreadingHTTPServer):
    """Serves the bare repositories below a directory to clients that have the token."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, root: Path, token: str, api: Api, host: str, tls: ssl.SSLContext | None) -> None:
        super().__init__((host, 0), _Handler)
        self.root, self.token, self.api = root, token, api
        self._host, self._scheme = host, "https" if tls else "http"
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    @property
    def url(self) -> str:
        """The URL of the server."""
        return f"{self._scheme}://{self._host}:{self.server_address[1]}"

    def shutdown_request(self, request: Any) -> None:
        """Close the connection; by TLS with a last word, without which git takes an answer to be cut."""
        if isinstance(request, ssl.SSLSocket):
            with suppress(OSError, ValueError):
                request.settimeout(1)
                request.unwrap()
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that hang up."""


@contextmanager
def serve(
    root: Path, token: str, api: Api, *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> Iterator[GitServer]:
    """Run the server in a thread during the block; on another address than loopback, clients accept it with TLS alone."""
    server = GitServer(root, token, api, host, tls)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="demo-forge", daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: GitServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, *_: Any) -> None:
        """Write nothing: the output belongs to the demo."""

    def _answer(self) -> None:
        self.close_connection = True
        with TemporaryFile() as body:
            self._read_body(body)
            body.seek(0)
            path = urlsplit(self.path).path
            if ".git/" not in path:
                self._reply(self.server.api(self._call(path, body.read())))
            elif self._token() != self.server.token:
                headers = {"WWW-Authenticate": 'Basic realm="demo"'}
                self._reply(Reply(HTTPStatus.UNAUTHORIZED, {"message": "Bad credentials"}, headers))
            elif not (self.server.root / f"{path.partition('.git/')[0].lstrip('/')}.git").is_dir():
                self._reply(Reply(HTTPStatus.NOT_FOUND, {"message": "Not Found"}))
            else:
                self._git(path, body)

    def _call(self, path: str, body: bytes) -> Call:
        query = dict(parse_qsl(urlsplit(self.path).query))
        return Call(self.command, path, query, json.loads(body) if body else {}, self._token(), self.server.url)

    def _token(self) -> str:
        scheme, _, value = self.headers.get("Authorization", "").partition(" ")
        if scheme == "Basic":
            return base64.b64decode(value).decode().partition(":")[2]
        return value

    def _read_body(self, into: IO[bytes]) -> None:
        if self.headers.get("Transfer-Encoding") == "chunked":
            while size := int(self.rfile.readline().split(b";")[0], 16):
                into.write(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
        else:
            into.write(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    def _reply(self, reply: Reply) -> None:
        data = reply.content if isinstance(reply.content, bytes) else _json(reply.content)
        self.send_response(reply.code)
        for name, value in {"Content-Type": "application/json", **reply.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(data)

    def _git(self, path: str, body: IO[bytes]) -> None:
        process = subprocess.Popen(
            ["git", "http-backend"],  # noqa: S607 - the git that is installed
            env=self._cgi(path, os.fstat(body.fileno()).st_size),
            stdin=body,
            stdout=subprocess.PIPE,
        )
        with process:
            if process.stdout:
                self._relay(process.stdout)

    def _cgi(self, path: str, length: int) -> dict[str, str]:
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "GIT_PROJECT_ROOT": str(self.server.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "PATH_INFO": path,
            "QUERY_STRING": urlsplit(self.path).query,
            "REQUEST_METHOD": self.command,
            "REMOTE_USER": "demo",
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(length),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
        }

    def _relay(self, output: IO[bytes]) -> None:
        status, headers = 200, []
        while line := output.readline().strip().decode():
            name, _, value = line.partition(": ")
            if name == "Status":
                status = int(value.split()[0])
            else:
                headers.append((name, value))
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()
        while chunk := output.read(_CHUNK):
            self.wfile.write(chunk)


def _json(content: Any) -> bytes:
    return b"" if content is None else json.dumps(content).encode()
