"""Serves the page beside whatever a command does, and waits until somebody stops it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from rich.console import Console

from kubernaut.kube.client import Cluster
from kubernaut.plugins.registry import Registry


@asynccontextmanager
async def show_page(
    cluster: Cluster, namespace: str | None, registry: Registry, *, out: Console, port: int = 0
) -> AsyncIterator[None]:
    """Serve the page during the block, and print its address. Raises InputError when the port cannot be opened."""
    from kubernaut.ui.server import serve  # noqa: PLC0415 - an optional part

    async with serve(cluster, namespace, registry, port) as address:
        out.print("The page is at this address. Whoever has it acts as you: keep it to yourself.")
        out.print(f"  {address}", soft_wrap=True, markup=False)
        yield


async def until_stopped() -> None:
    """Wait for ctrl-c or SIGTERM."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await stopped.wait()
