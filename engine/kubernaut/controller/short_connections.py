"""Bounds what strangers can hold open at the port of probes and metrics, which needs no credential.

A connection carries one request and has a few seconds for all of it: to send the request, and to take the response. There are so many of
them and no more: the oldest makes room for a new one, so a probe is answered while somebody holds as many open as they can.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from kubernaut.wrapped_protocol import WrappedProtocol

MAX_CONNECTIONS = 64
MAX_SECONDS = 10.0
"""From the first byte of a connection to its last; a probe has at most a few seconds, and so has a scrape by default."""


class ShortConnections:
    """Makes protocols for `asyncio`, each with another one inside that does the work."""

    def __init__(self, make: Callable[[], asyncio.Protocol], max_seconds: float = MAX_SECONDS) -> None:
        self._make, self._max_seconds = make, max_seconds
        self._open: dict[_Short, asyncio.Transport] = {}
        """In the order in which they were opened."""

    def __call__(self) -> asyncio.Protocol:
        """Return the protocol of a new connection."""
        return _Short(self._make(), self)

    def opened(self, connection: _Short, transport: asyncio.Transport) -> asyncio.TimerHandle:
        """Count a connection, and return what will close it; close the oldest if there are too many."""
        if len(self._open) >= MAX_CONNECTIONS:
            self._open.pop(next(iter(self._open))).abort()
        self._open[connection] = transport
        return asyncio.get_running_loop().call_later(self._max_seconds, transport.abort)

    def closed(self, connection: _Short) -> None:
        """Forget a connection."""
        self._open.pop(connection, None)


class _Short(WrappedProtocol):
    """A connection that counts."""

    def __init__(self, inner: asyncio.Protocol, connections: ShortConnections) -> None:
        super().__init__(inner)
        self._connections = connections
        self._end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._end = self._connections.opened(self, transport)
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._end:
            self._end.cancel()
        self._connections.closed(self)
        super().connection_lost(exc)
