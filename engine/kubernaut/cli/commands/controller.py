"""`kubernaut controller`: the engine as a process, until SIGTERM or ctrl-c."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from kubernaut.cli.options import Configuration, Context, Image, Kubeconfig, read_settings
from kubernaut.telemetry.logs import keep_audit_log, log_to_stderr


def controller(
    kubeconfig: Kubeconfig = None,
    context: Context = "",
    config: Configuration = None,
    image: Image = None,
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error.")] = "info",
) -> None:
    """Run the engine against a cluster until stopped (SIGTERM or ctrl-c)."""
    from kubernaut.controller.process import run_engine  # noqa: PLC0415 - costs every other command a fifth of its start

    log_to_stderr(log_level)
    keep_audit_log()
    asyncio.run(run_engine(kubeconfig, context, read_settings(config, image)))
