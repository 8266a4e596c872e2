"""The server over HTTP, on loopback alone: for clients that cannot start a process.

Any program on the machine reaches a port of it, and so does a page in a browser whose name was pointed at it. So each request needs the
token, must name this address in `Host`, and must not come from a page of another origin.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import Callable
from functools import partial
from hmac import compare_digest

import uvicorn
from mcp.server.transport_security import TransportSecuritySettings
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from kubernaut.errors import InputError
from kubernaut.mcp.server import Door, mcp_server

_HOST = "127.0.0.1"
PATH = "/mcp"
_STOP_SECONDS = 2
"""How long open streams may delay the end."""
_POLL_SECONDS = 0.05


async def serve_http(door: Door, port: int, announce: Callable[[str, str], None]) -> None:
    """Serve on 127.0.0.1 until the process is stopped; port 0 is any free one.

    `announce` is called with the address and the token once it answers. Raises InputError naming the option if the port is taken.
    """
    token = secrets.token_urlsafe(32)
    with _listen(port) as listening:
        number = listening.getsockname()[1]
        config = uvicorn.Config(
            application(door, number, token),
            log_level="critical",  # what clients get wrong they are told; a stop on the way up is no error
            access_log=False,
            server_header=False,
            ws="none",
            timeout_graceful_shutdown=_STOP_SECONDS,
        )
        server = uvicorn.Server(config)
        announcing = asyncio.create_task(
            _when_started(server, partial(announce, f"http://{_HOST}:{number}{PATH}", token))
        )
        try:
            await server.serve(sockets=[listening])
        finally:
            announcing.cancel()


async def _when_started(server: uvicorn.Server, announce: Callable[[], None]) -> None:
    while not server.started:  # noqa: ASYNC110 - it has no event for that
        await asyncio.sleep(_POLL_SECONDS)
    announce()


def application(door: Door, port: int, token: str) -> ASGIApp:
    """Return the server as an ASGI application for this port of loopback."""
    hosts = [f"{name}:{port}" for name in (_HOST, "localhost")]
    security = TransportSecuritySettings(
        enable_dns_rebinding_protection=True, allowed_hosts=hosts, allowed_origins=[f"http://{host}" for host in hosts]
    )
    app = mcp_server(door).streamable_http_app(streamable_http_path=PATH, transport_security=security, host=_HOST)
    return RequireToken(app, token)


class RequireToken:
    """Answers 401 to a request without the token."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app, self._expected = app, f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._has_token(scope):
            text = "the token is missing or wrong: send the header Authorization: Bearer TOKEN, as kubernaut mcp printed it\n"
            refusal = PlainTextResponse(text, 401, {"WWW-Authenticate": "Bearer"})
            await refusal(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _has_token(self, scope: Scope) -> bool:
        return compare_digest(Headers(scope=scope).get("authorization", "").encode(), self._expected)


def _listen(port: int) -> socket.socket:
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((_HOST, port))
    except OSError as error:
        listening.close()
        raise InputError(f"--http {port}: {error.strerror}; name another port, or 0 for any free one") from error
    return listening
