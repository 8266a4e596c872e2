"""Accepts connections, and bounds what strangers can hold open at the port of the webhooks.

A connection carries one request and has a few seconds to send all of it, TLS included; the time of the work is not its own. There are so
many and no more: new ones wait in the kernel's queue, and one that has not sent its request within a moment makes room for them. So in a
storm of alerts every sender has its turn, and silent connections keep none of them out for long. The certificate is chosen when a
connection begins, so a new one needs no restart.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from kubernaut.wrapped_protocol import WrappedProtocol

MAX_CONNECTIONS = 64
MAX_SECONDS = 10.0
"""To send a request, and again to take the answer."""
MOMENT_SECONDS = 2.0
"""After which a connection that has not sent its request makes room for another."""
_HANDSHAKE_SECONDS = 5.0
_PAUSE_SECONDS = 0.1


class Listener:
    """The open connections, and the task that accepts them."""

    def __init__(
        self,
        listening: socket.socket,
        make: Callable[[], asyncio.Protocol],
        context: Callable[[], ssl.SSLContext] | None,
        max_seconds: float = MAX_SECONDS,
    ) -> None:
        """`make` returns the protocol that does the work, `context` that of TLS for a new connection; without it, it is plain HTTP."""
        self._socket, self._make, self._context, self._max_seconds = listening, make, context, max_seconds
        self._open: dict[asyncio.BaseProtocol, _Connection] = {}
        """By the protocol that does the work, in the order in which they were opened."""
        self._changed = asyncio.Event()

    async def run(self) -> None:
        """Accept connections until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted, _ = await loop.sock_accept(self._socket)
            except OSError:  # the process has no more file descriptors, or the client is gone already
                await asyncio.sleep(_PAUSE_SECONDS)
                continue
            with _closed_on_error(accepted):
                await self._room()
            connection = _Connection(self._make(), self)
            self._open[connection.inner] = connection
            connection.expire_in(self._max_seconds)
            connection.task = asyncio.create_task(self._connect(connection, accepted))

    @contextmanager
    def at_work(self, inner: asyncio.BaseProtocol | None) -> Iterator[None]:
        """Do not close a connection during this block: its request is complete, and what it asks for is being done."""
        connection = self._open.get(inner) if inner else None
        if connection is None:
            yield
            return
        connection.begin_work()
        try:
            yield
        finally:
            connection.expire_in(self._max_seconds)

    def close(self) -> None:
        """Close every connection."""
        for connection in list(self._open.values()):
            connection.abort()

    def closed(self, connection: _Connection) -> None:
        """Forget a connection."""
        self._open.pop(connection.inner, None)
        self._changed.set()

    async def _room(self) -> None:
        """Return once there is room for one more."""
        while len(self._open) >= MAX_CONNECTIONS:
            self._changed.clear()
            idle = next((one for one in self._open.values() if not one.is_working), None)
            left = idle.opened + MOMENT_SECONDS - asyncio.get_running_loop().time() if idle else None
            if idle and left is not None and left <= 0:
                idle.abort()
                self.closed(idle)
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._changed.wait()

    async def _connect(self, connection: _Connection, accepted: socket.socket) -> None:
        accepted.setblocking(False)
        context = self._context() if self._context else None
        seconds = _HANDSHAKE_SECONDS if context else None
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: connection, accepted, ssl=context, ssl_handshake_timeout=seconds
            )
        except (OSError, ValueError):  # not TLS, or gone: ssl.SSLError and TimeoutError are OSErrors
            self._drop(connection, accepted)
        except asyncio.CancelledError:
            self._drop(connection, accepted)
            raise

    def _drop(self, connection: _Connection, accepted: socket.socket) -> None:
        with suppress(OSError):
            accepted.close()
        connection.stop_timer()
        self.closed(connection)


@contextmanager
def _closed_on_error(accepted: socket.socket) -> Iterator[None]:
    try:
        yield
    except BaseException:
        accepted.close()
        raise


class _Connection(WrappedProtocol):
    """A connection that counts, and ends after a time unless its request is at work."""

    def __init__(self, inner: asyncio.Protocol, listener: Listener) -> None:
        super().__init__(inner)
        self._listener = listener
        self.task: asyncio.Task[None] | None = None
        self.is_working = False
        self.opened = asyncio.get_running_loop().time()
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None

    def expire_in(self, seconds: float) -> None:
        """Close it after this time."""
        self.is_working = False
        self.stop_timer()
        self._timer = asyncio.get_running_loop().call_later(seconds, self.abort)

    def begin_work(self) -> None:
        self.is_working = True
        self.stop_timer()

    def stop_timer(self) -> None:
        if self._timer:
            self._timer.cancel()

    def abort(self) -> None:
        """Close it now."""
        self.stop_timer()
        if self._transport is not None:
            self._transport.abort()
        elif self.task is not None:
            self.task.cancel()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.stop_timer()
        self._listener.closed(self)
        super().connection_lost(exc)
