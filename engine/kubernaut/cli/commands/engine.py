"""Commands against a cluster: the engine itself, and asking it for an execution."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
from pathlib import Path
from typing import Annotated, Any

import typer

from kubernaut.api.execution import Phase, Reason
from kubernaut.cli.console import Format, Output, console, print_json
from kubernaut.cli.options import (
    ActionName,
    Configuration,
    Image,
    Kubeconfig,
    Namespace,
    Parameter,
    ParameterFile,
    read_settings,
)
from kubernaut.cli.parameters import read_parameters
from kubernaut.cli.submit import ask
from kubernaut.cli.views.live import Follower
from kubernaut.controller.health import serve_health
from kubernaut.controller.manager import Manager
from kubernaut.install.engine_image import with_own_image
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import Key, key_of
from kubernaut.plugins.registry import Registry
from kubernaut.settings import Settings
from kubernaut.telemetry.logs import keep_audit_log, log_to_stderr
from kubernaut.telemetry.metrics import Metrics

log = logging.getLogger(__name__)


def add_to(app: typer.Typer) -> None:
    """Register these commands."""
    app.command()(controller)
    app.command()(execute)


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


def execute(
    action: ActionName,
    namespace: Namespace = "default",
    parameter: Parameter = [],  # noqa: B006 - typer copies it
    file: ParameterFile = None,
    name: Annotated[str, typer.Option(help="The execution's name; made from the action's by default.")] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Stop after the dry run and show the planned changes.")
    ] = False,
    deadline: Annotated[int | None, typer.Option(min=1, help="Seconds for all attempts together.")] = None,
    wait: Annotated[
        bool, typer.Option("--watch/--no-wait", "--wait", "-w", help="Watch it to its end, or return at once.")
    ] = True,
    kubeconfig: Kubeconfig = None,
    output: Output = Format.TABLE,
) -> None:
    """Create an execution and watch it to its end: its stages, and what its dry run says would change."""
    registry = Registry.discover()
    known = registry.actions.get(action)
    parameters = read_parameters(parameter, file, known.spec.parameters if known else None)
    spec: dict[str, Any] = {"action": action, "parameters": parameters, "dryRun": dry_run}
    if deadline:
        spec["deadlineSeconds"] = deadline
    ended = asyncio.run(_execute(kubeconfig, Key(namespace, name), spec, wait, output))
    raise typer.Exit(exit_code(ended) if wait else 0)


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


async def _execute(
    kubeconfig: Path | None, key: Key, spec: dict[str, Any], wait: bool, output: Format
) -> dict[str, Any]:
    cluster = await Cluster.connect(kubeconfig)
    async with cluster:
        created = await ask(cluster, key, spec, prefix=f"{spec['action']}-")
        if wait:
            created = await Follower(console(), quiet=output is Format.JSON).follow(cluster, key_of(created))
    if output is Format.JSON:
        print_json(created)
    elif not wait:
        console().print(f"{created['metadata']['name']} created in {key.namespace}")
    return created


def exit_code(ended: dict[str, Any]) -> int:
    """What the shell is told of an end."""
    status = ended["status"]
    if status["phase"] == Phase.SUCCEEDED:
        return 0
    return 2 if status.get("reason") in {Reason.INVALID_PARAMETERS, Reason.UNKNOWN_ACTION} else 1
