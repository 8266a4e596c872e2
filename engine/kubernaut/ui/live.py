"""Keeps an open page current: sends the fragments that have changed, as server-sent events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable

from aiohttp import web

from kubernaut.errors import KubernautError
from kubernaut.ui.fragments import Page, Regions, difference
from kubernaut.ui.site import Site

_COALESCE_SECONDS = 0.25
"""Changes within this time reach the browser together: a burst of a thousand is a few messages."""
_KEEP_ALIVE_SECONDS = 15.0

Build = Callable[[], Awaitable[Page]]


async def stream(request: web.Request, site: Site, build: Build) -> web.StreamResponse:
    """Send what changes on the page that `build` returns, until the browser goes away."""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})
    await response.prepare(request)
    shown: Regions = {}
    try:
        while True:
            version = site.store.version
            regions, refresh = await _build(site, build)
            changes = difference(shown, regions)
            text = f"data: {json.dumps(changes)}\n\n" if changes else ": still here\n\n"
            await response.write(text.encode())
            shown = {**shown, **regions}
            if await site.store.wait(version, refresh or _KEEP_ALIVE_SECONDS):
                await asyncio.sleep(_COALESCE_SECONDS)
    except ConnectionResetError:
        return response


async def _build(site: Site, build: Build) -> tuple[Regions, float | None]:
    """Return the regions of the page as they are now; of one that cannot be built, those that every page has."""
    try:
        page = await build()
    except (KubernautError, web.HTTPException):
        return site.frame(), None
    return {**site.frame(), **page.regions}, page.refresh_seconds
