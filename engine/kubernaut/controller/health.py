"""Serves probes and metrics over plain HTTP on one port.

It runs on the event loop that does the work, so a blocked loop fails the liveness probe. Anyone who reaches the port may ask, so
`short_connections` bounds what that costs.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from kubernaut.controller.manager import Manager
from kubernaut.controller.short_connections import ShortConnections
from kubernaut.errors import InputError


@asynccontextmanager
async def serve_health(manager: Manager, port: int) -> AsyncIterator[None]:
    """Serve `/livez`, `/readyz`, `/startupz` and `/metrics` during the block; port 0 serves nothing.

    Raises InputError when the port cannot be opened.
    """
    async with serve_probes(_application(manager), port, "probePort"):
        yield


@asynccontextmanager
async def serve_probes(application: web.Application, port: int, setting: str) -> AsyncIterator[None]:
    """Serve probes and metrics during the block; port 0 serves nothing. `setting` is what the port is called where it is set.

    Raises InputError when the port cannot be opened.
    """
    if not port:
        yield
        return
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
    await runner.setup()
    if runner.server is None:
        raise RuntimeError("aiohttp made no server")
    try:
        server = await asyncio.get_running_loop().create_server(ShortConnections(runner.server), port=port)
    except OSError as error:
        await runner.cleanup()
        raise InputError(
            f"{setting}: port {port} cannot be opened: {error.strerror}; set another one, or 0 for none"
        ) from error
    try:
        yield
    finally:
        server.close()
        await runner.cleanup()


def _application(manager: Manager) -> web.Application:
    def synced() -> str:
        return "" if manager.synced.is_set() else "the caches are not filled yet"

    application = web.Application()
    application.router.add_get("/livez", probe(manager.stuck))
    application.router.add_get("/readyz", probe(synced))
    application.router.add_get("/startupz", probe(synced))
    application.router.add_get("/metrics", metrics_page(manager.metrics.exposition))
    return application


def metrics_page(
    exposition: Callable[[str], tuple[bytes, str]],
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Return the handler of `/metrics`; `exposition` returns a body and its content type for the request's header Accept."""

    async def respond(request: web.Request) -> web.StreamResponse:
        body, content_type = exposition(request.headers.get("Accept", ""))
        return _last(web.Response(body=body, headers={"Content-Type": content_type}))

    return respond


def probe(problem: Callable[[], str]) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Return the handler of a probe, which fails while `problem` returns one."""

    async def respond(_: web.Request) -> web.StreamResponse:
        found = problem()
        return _last(web.Response(text=(found or "ok") + "\n", status=503 if found else 200))

    return respond


def _last(response: web.Response) -> web.Response:
    """Return a response after which the connection is closed."""
    response.force_close()
    return response
