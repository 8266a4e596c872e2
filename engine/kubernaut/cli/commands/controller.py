"""`kubernaut controller`: the engine itself, as a process."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
from pathlib import Path
from typing import Annotated

import typer

from kubernaut.cli.options import Configuration, Image, Kubeconfig, read_settings
from kubernaut.controller.health import serve_health
from kubernaut.controller.manager import Manager
from kubernaut.install.engine_image import with_own_image
from kubernaut.kube.client import Cluster
from kubernaut.plugins.registry import Registry
from kubernaut.settings import Settings
from kubernaut.telemetry.logs import keep_audit_log, log_to_stderr
from kubernaut.telemetry.metrics import Metrics

log = logging.getLogger(__name__)


def controller(
    kubeconfig: Kubeconfig = None,
    config: Configuration = None,
    image: Image = None,
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error.")] = "info",
) -> None:
    """Run the engine against a cluster until stopped (SIGTERM or ctrl-c)."""
    log_to_stderr(log_level)
    keep_audit_log()
    asyncio.run(_control(kubeconfig, read_settings(config, image)))


async def _control(kubeconfig: Path | None, settings: Settings) -> None:
    registry = Registry.discover()
    metrics = Metrics()
    async with await Cluster.connect(kubeconfig, observe=metrics.observe_request) as cluster:
        settings = await with_own_image(cluster, settings)
        engine = Manager(cluster, registry, settings, metrics)
        _spare_the_garbage_collector()
        async with serve_health(engine, settings.probe_port):
            await _until_stopped(engine)


def _spare_the_garbage_collector() -> None:
    """Leave alone what was loaded, as it stays, and look seldom for cycles in what comes and goes, as it has few.

    That is a tenth of the engine's CPU under load; its memory stays the same (benchmarks/README.md).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


async def _until_stopped(engine: Manager) -> None:
    """Work until SIGTERM or ctrl-c; then finish what is being looked at, and end."""
    work = asyncio.create_task(engine.run())
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for wish in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(wish, stopped.set)
    stopping = asyncio.create_task(stopped.wait())
    await asyncio.wait({work, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if stopped.is_set():
        log.info("stopping: what is being looked at is finished first")
        await engine.drain()
    stopping.cancel()
    work.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await work
