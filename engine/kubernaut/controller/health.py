"""What the kubelet and a browser may ask the engine, over plain HTTP on one port.

It answers from the event loop that does the work: a loop that is stuck cannot answer, and so fails its liveness probe without further ado.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from kubernaut.controller.manager import Controller
from kubernaut.errors import InputError
from kubernaut.telemetry.metrics import CONTENT_TYPE


@asynccontextmanager
async def probes(controller: Controller, port: int) -> AsyncIterator[None]:
    """Serve `/livez`, `/readyz`, `/startupz` and `/metrics` while the block lasts; port 0 serves nothing.

    Raises InputError when the port cannot be had.
    """
    if not port:
        yield
        return
    runner = web.AppRunner(_application(controller), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, port=port).start()
    except OSError as error:
        await runner.cleanup()
        raise InputError(
            f"probePort: port {port} cannot be served: {error.strerror}; set another, or 0 for none"
        ) from error
    try:
        yield
    finally:
        await runner.cleanup()


def _application(controller: Controller) -> web.Application:
    def synced() -> str:
        return "" if controller.synced.is_set() else "the caches are not filled yet"

    application = web.Application()
    application.router.add_get("/livez", _answering(controller.stuck))
    application.router.add_get("/readyz", _answering(synced))
    application.router.add_get("/startupz", _answering(synced))
    application.router.add_get("/metrics", _metrics(controller))
    return application


def _metrics(controller: Controller) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(body=controller.metrics.exposition(), headers={"Content-Type": CONTENT_TYPE})

    return answer


def _answering(trouble: Callable[[], str]) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(_: web.Request) -> web.StreamResponse:
        told = trouble()
        return web.Response(text=(told or "ok") + "\n", status=503 if told else 200)

    return answer
