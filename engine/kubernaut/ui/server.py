"""The server of the page: its routes, and its life."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from importlib.resources import files

from aiohttp import web

from kubernaut.errors import InputError, KubernautError
from kubernaut.kube.client import Cluster
from kubernaut.plugins.registry import Registry
from kubernaut.ui.access import Access, add_headers
from kubernaut.ui.fragments import Page
from kubernaut.ui.identity import Identity
from kubernaut.ui.live import stream
from kubernaut.ui.operations import OPERATIONS, Operation, carry_out
from kubernaut.ui.rendering import environment
from kubernaut.ui.site import Site
from kubernaut.ui.store import ExecutionStore
from kubernaut.ui.views.actions import action_page, actions_page
from kubernaut.ui.views.execution import execution_page, logs
from kubernaut.ui.views.executions import executions_page, proposals_page
from kubernaut.ui.views.runbooks import runbook_page, runbooks_page
from kubernaut.ui.views.runs import run_page

_MAX_FORM_BYTES = 64 * 1024
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".txt": "text/plain"}

View = Callable[[Site, web.Request], Awaitable[Page]]

PAGES: Mapping[str, View] = {
    "/": executions_page,
    "/proposals": proposals_page,
    "/executions/{namespace}/{name}": execution_page,
    "/runs/{namespace}/{run}": run_page,
    "/runbooks": runbooks_page,
    "/runbooks/{namespace}/{name}": runbook_page,
    "/actions": actions_page,
    "/actions/{name}": action_page,
}


@asynccontextmanager
async def serve(cluster: Cluster, namespace: str | None, registry: Registry, port: int = 0) -> AsyncIterator[str]:
    """Serve the page during the block, on 127.0.0.1 and this port (0: any free one), and yield its address with the token.

    It shows the executions of `namespace`; None means all that this user may list. Raises InputError when the port cannot be opened.
    """
    store = ExecutionStore(cluster, namespace, cluster.namespace)
    access = Access()
    identity = Identity(cluster)
    await identity.ask()
    site = Site(cluster, store, registry, environment(access.root), identity, access.root)
    tasks = [asyncio.create_task(store.run()), asyncio.create_task(identity.run())]
    runner = web.AppRunner(_application(site, access, lambda: port), access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await store.synced.wait()
        listening = web.TCPSite(runner, "127.0.0.1", port)
        try:
            await listening.start()
        except OSError as error:
            raise InputError(
                f"--port: {port} cannot be opened: {error.strerror}; name another one, or none for any that is free"
            ) from error
        port = int(runner.addresses[0][1])
        yield f"http://127.0.0.1:{port}/?token={access.token}"
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        await runner.cleanup()


def _application(site: Site, access: Access, port: Callable[[], int]) -> web.Application:
    application = web.Application(middlewares=[access.middleware(port)], client_max_size=_MAX_FORM_BYTES)
    application.on_response_prepare.append(add_headers)
    router, root = application.router, access.root
    for path, view in PAGES.items():
        router.add_get(f"{root}{path}", _page(site, view))
        router.add_get(f"{root}/live{path}", _live(site, view))
    for path, operation in OPERATIONS.items():
        router.add_post(f"{root}{path}", _operation(site, operation))
    router.add_get(f"{root}/executions/{{namespace}}/{{name}}/logs", _logs(site))
    for file in files("kubernaut.ui").joinpath("static").iterdir():
        suffix = f".{file.name.rpartition('.')[2]}"
        if suffix in _TYPES:
            router.add_get(f"{root}/static/{file.name}", _static(file.read_bytes(), _TYPES[suffix]))
    return application


def _page(site: Site, view: View) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def respond(request: web.Request) -> web.Response:
        try:
            page = await view(site, request)
        except KubernautError as error:
            html = site.problem("Not found", str(error), site.path_of(request))
            return web.Response(status=404, text=html, content_type="text/html")
        regions = {**site.frame(), **page.regions}
        template = site.env.get_template(page.template)
        html = template.render(**page.context, site=site, title=page.title, regions=regions, path=site.path_of(request))
        return web.Response(text=html, content_type="text/html")

    return respond


def _live(site: Site, view: View) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def respond(request: web.Request) -> web.StreamResponse:
        return await stream(request, site, lambda: view(site, request))

    return respond


def _operation(site: Site, operation: Operation) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def respond(request: web.Request) -> web.Response:
        return await carry_out(site, request, operation)

    return respond


def _logs(site: Site) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def respond(request: web.Request) -> web.Response:
        return web.Response(text=await logs(site, request), content_type="text/html")

    return respond


def _static(content: bytes, content_type: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def respond(_: web.Request) -> web.Response:
        return web.Response(body=content, content_type=content_type)

    return respond
