"""`kubernaut demo`: every installed action at work on an embedded cluster."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from kubernaut.cli.console import Format, Output, console
from kubernaut.cli.demo import run_demo
from kubernaut.cli.extras import require_sandbox
from kubernaut.telemetry.logs import log_to_stderr


def demo(
    output: Output = Format.TABLE,
    log_level: Annotated[
        str, typer.Option(help="The engine's own log on standard error: debug, info, warning or error.")
    ] = "error",
) -> None:
    """Watch every installed action work on an embedded cluster, and two executions be refused; exit code 0 if all ended as they should."""
    require_sandbox()
    log_to_stderr(log_level, as_json=False)
    raise typer.Exit(0 if asyncio.run(run_demo(console(), as_json=output is Format.JSON)) else 1)
