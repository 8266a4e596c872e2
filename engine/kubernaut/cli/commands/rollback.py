"""`kubernaut rollback`: undoes an execution, unless what it did has been changed since."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import typer

from kubernaut.api.plugin import Change
from kubernaut.api.view import ExecutionView
from kubernaut.caller.executions import get_execution
from kubernaut.caller.rollbacks import rehearse_rollback, roll_back
from kubernaut.cli.console import Format, Output, console, error_console, escape_markup, print_json
from kubernaut.cli.exit_codes import exit_code_of
from kubernaut.cli.options import Context, ExecutionName, Kubeconfig, Namespace
from kubernaut.cli.place import Place
from kubernaut.cli.views.diff import change_lines
from kubernaut.cli.views.live import Follower
from kubernaut.errors import InputError
from kubernaut.kube.objects import key_of

_REHEARSAL_TTL_SECONDS = 600


def rollback(
    name: ExecutionName,
    namespace: Namespace = "",
    kubeconfig: Kubeconfig = None,
    context: Context = "",
    output: Output = Format.TABLE,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before it acts.")] = False,
) -> None:
    """Undo an execution by its inverse, after showing what that changes; refused if what it did has been changed since."""
    asks = not yes and sys.stdin.isatty()
    execution = asyncio.run(
        _rollback(Place(kubeconfig, context, namespace), name, asks=asks, quiet=output is Format.JSON)
    )
    if output is Format.JSON:
        print_json(execution.json)
    raise typer.Exit(exit_code_of(execution))


async def _rollback(place: Place, name: str, *, asks: bool, quiet: bool) -> ExecutionView:
    async with await place.connect() as cluster:
        original = await get_execution(cluster, place.key(cluster, name))
        _show(name, await rehearse_rollback(cluster, original), asks=asks)
        undoing = await roll_back(cluster, original)
        follower = Follower(console(), quiet=quiet)
        return await follower.follow(cluster, key_of(undoing.json))


def _show(name: str, planned: tuple[Change, ...], *, asks: bool) -> None:
    """Print what the rollback will change, on standard error, and ask if there is someone to ask."""
    out = error_console()
    out.print(f"[bold]rollback of {escape_markup(name)} changes:[/]")
    for line in change_lines(planned):
        out.print(f"  {line}", soft_wrap=True)
    if asks and not typer.confirm("Go on?", default=False, err=True):
        raise InputError("not confirmed. Nothing was changed")
