"""`kubernaut ui`: a page in the browser, with the rights of whoever starts it."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from kubernaut.cli.console import console
from kubernaut.cli.extras import require_ui
from kubernaut.cli.options import Context, Kubeconfig, Namespace
from kubernaut.cli.page import show_page, until_stopped
from kubernaut.cli.place import Place
from kubernaut.plugins.registry import Registry
from kubernaut.telemetry.logs import log_to_stderr


def ui(
    namespace: Namespace = "",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port on 127.0.0.1; any free one by default.")] = 0,
    kubeconfig: Kubeconfig = None,
    context: Context = "",
) -> None:
    """Serve a page on this machine that shows executions as they happen, and acts as you. Without -n it shows all that you may list."""
    require_ui()
    log_to_stderr("warning", as_json=False)
    asyncio.run(_serve(Place(kubeconfig, context, namespace), port))


async def _serve(place: Place, port: int) -> None:
    out = console()
    async with (
        await place.connect() as cluster,
        show_page(cluster, place.namespace or None, Registry.discover(), out=out, port=port),
    ):
        out.print("ctrl-c ends it")
        await until_stopped()
