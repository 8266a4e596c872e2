"""The port of the webhooks: HTTP with a bound on everything that a stranger sends."""

from __future__ import annotations

import asyncio
import math
import re
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from aiohttp import web

from kubernaut.errors import InputError
from kubernaut.receiver.listener import Listener
from kubernaut.receiver.metrics import ReceiverMetrics
from kubernaut.receiver.receiver import Answer, Receiver

PATH = "/alerts"
MAX_BODY_BYTES = 1024 * 1024
_BEARER = re.compile(r"(?i:bearer) +(?P<token>[A-Za-z0-9._~+/=-]{1,8000})")
_BACKLOG = 128
_STOP_SECONDS = 20.0
"""How long webhooks in progress have to end when the receiver stops."""


@asynccontextmanager
async def serve_webhooks(
    receiver: Receiver,
    metrics: ReceiverMetrics,
    address: str,
    port: int,
    context: Callable[[], ssl.SSLContext] | None,
) -> AsyncIterator[int]:
    """Serve `POST /alerts` during the block, and yield the port; 0 is any free one. Without `context`, it is plain HTTP.

    Raises InputError when the port cannot be opened.
    """
    door = _Door(receiver, metrics)
    application = web.Application(client_max_size=MAX_BODY_BYTES)
    application.router.add_post(PATH, door.receive)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=_STOP_SECONDS, auto_decompress=False)
    await runner.setup()
    if runner.server is None:
        raise RuntimeError("aiohttp made no server")
    listening = await _open(address, port)
    listener = door.listener = Listener(listening, runner.server, context)
    accepting = asyncio.create_task(listener.run())
    try:
        yield int(listening.getsockname()[1])
    finally:
        accepting.cancel()
        with suppress(asyncio.CancelledError):
            await accepting
        listening.close()
        await runner.cleanup()
        listener.close()


class _Door:
    """Turns a request into an answer."""

    def __init__(self, receiver: Receiver, metrics: ReceiverMetrics) -> None:
        self._receiver, self._metrics = receiver, metrics
        self.listener: Listener | None = None

    async def receive(self, request: web.Request) -> web.StreamResponse:
        """Answer a webhook, and count it."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        answer = await self._answer(request)
        self._metrics.observe_request(answer.code, loop.time() - started, answer.retry_after)
        return _response(answer)

    async def _answer(self, request: web.Request) -> Answer:
        given = request.headers.getall("Authorization", ())
        bearer = _BEARER.fullmatch(given[0]) if len(given) == 1 else None  # of two, nobody can say whose webhook it is
        if bearer is None:
            return Answer(
                401,
                "there is no bearer token, or not one: set http_config.authorization.credentials_file of the webhook",
            )
        if request.headers.get("Content-Encoding", "identity") != "identity":
            return Answer(415, "Content-Encoding: a body that is encoded is not taken")
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return Answer(413, f"the body has more than {MAX_BODY_BYTES} bytes: make the groups smaller (group_by)")
        if self.listener is None:
            return await self._receiver.answer(bearer["token"], body)
        with self.listener.at_work(request.protocol):
            return await self._receiver.answer(bearer["token"], body)


def _response(answer: Answer) -> web.Response:
    response = web.Response(text=f"{answer.message}\n", status=answer.code)
    if answer.code == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if answer.code == 503:
        response.headers["Retry-After"] = str(max(1, math.ceil(answer.retry_after)))
    response.force_close()
    return response


async def _open(address: str, port: int) -> socket.socket:
    try:
        ((family, *_, where), *_) = await asyncio.get_running_loop().getaddrinfo(
            address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        listening = socket.create_server(where[:2], family=family, backlog=_BACKLOG)
    except OSError as error:
        raise InputError(
            f"--address {address} --port {port} cannot be opened: {error.strerror}; choose another"
        ) from error
    listening.setblocking(False)
    return listening
