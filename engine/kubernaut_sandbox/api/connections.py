"""Bounds the connections of the API server: how many there are, and for how long one is open without a request at work.

Watches and the logs that are followed last as long as they are asked for; what is bounded is the connection on which nothing happens,
or on which the header of a request never ends. It makes room for a new one when there are too many.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from aiohttp import web

MAX_CONNECTIONS = 512
MAX_IDLE_SECONDS = 90.0
HANDSHAKE_SECONDS = 10.0


class Connections:
    """Makes protocols for `asyncio`, each with another one inside that does the work."""

    def __init__(self, max_idle_seconds: float = MAX_IDLE_SECONDS) -> None:
        self._max_idle_seconds = max_idle_seconds
        self._idle: dict[asyncio.Transport, asyncio.TimerHandle] = {}
        """Those without a request, the longest first, with what will close them."""
        self._open: set[asyncio.Transport] = set()

    def limited(self, make: Callable[[], asyncio.Protocol]) -> Callable[[], asyncio.Protocol]:
        """Return a factory of protocols whose connections are bounded."""
        return lambda: _Counted(make(), self)

    @contextmanager
    def at_work(self, request: web.Request) -> Iterator[None]:
        """Keep the connection of a request open for the duration of the block."""
        transport = request.transport
        if not isinstance(transport, asyncio.Transport) or transport not in self._open:
            yield
            return
        self._set_busy(transport)
        try:
            yield
        finally:
            if transport in self._open:
                self._set_idle(transport)

    def opened(self, transport: asyncio.Transport) -> None:
        """Count a connection; close the one that is idle for the longest if there are too many."""
        if len(self._open) >= MAX_CONNECTIONS:
            oldest = next(iter(self._idle), transport)
            self.closed(oldest)
            oldest.abort()
        if not transport.is_closing():
            self._open.add(transport)
            self._set_idle(transport)

    def closed(self, transport: asyncio.Transport) -> None:
        """Forget a connection."""
        self._open.discard(transport)
        self._set_busy(transport)

    def _set_idle(self, transport: asyncio.Transport) -> None:
        loop = asyncio.get_running_loop()
        self._idle[transport] = loop.call_later(self._max_idle_seconds, transport.abort)

    def _set_busy(self, transport: asyncio.Transport) -> None:
        if timer := self._idle.pop(transport, None):
            timer.cancel()


class _Counted(asyncio.Protocol):
    """Passes everything on to the protocol inside."""

    def __init__(self, inner: asyncio.Protocol, connections: Connections) -> None:
        self._inner, self._connections = inner, connections
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._inner.connection_made(transport)
        if isinstance(transport, asyncio.Transport):
            self._transport = transport
            self._connections.opened(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport:
            self._connections.closed(self._transport)
        self._inner.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received()

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()
