"""`kubernaut demo`: runs every installed action on an embedded cluster."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from kubernaut.cli.console import Format, Output, console
from kubernaut.cli.demo import run_demo
from kubernaut.cli.exit_codes import ExitCode
from kubernaut.cli.extras import require_sandbox, require_ui
from kubernaut.errors import InputError
from kubernaut.telemetry.logs import log_to_stderr


def demo(
    output: Output = Format.TABLE,
    ui: Annotated[bool, typer.Option("--ui", help="Show it in a browser as well, until ctrl-c.")] = False,
    log_level: Annotated[
        str, typer.Option(help="The engine's own log on standard error: debug, info, warning or error.")
    ] = "error",
) -> None:
    """Run every installed action, a runbook and an approval on an embedded cluster; exit code 0 if all end as expected."""
    require_sandbox()
    log_to_stderr(log_level, as_json=False)
    if ui:
        require_ui()
    if ui and output is Format.JSON:
        raise InputError("--ui: it cannot be combined with -o json, whose output is one document")
    as_expected = asyncio.run(run_demo(console(), as_json=output is Format.JSON, with_page=ui))
    raise typer.Exit(ExitCode.DONE if as_expected else ExitCode.FAILED)
