"""`kubernaut rollback`: undoes an execution, unless what it did has been changed since."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from kubernaut.admission.undoing import why_not_undoable
from kubernaut.api.execution import Phase, Reason
from kubernaut.api.plugin import Change, Rollback
from kubernaut.api.view import ExecutionView
from kubernaut.cli.console import Format, Output, console, error_console, escape_markup, print_json
from kubernaut.cli.executions import create_execution, get_execution, read_execution
from kubernaut.cli.exit_codes import exit_code_of
from kubernaut.cli.options import Context, ExecutionName, Kubeconfig, Namespace
from kubernaut.cli.place import Place
from kubernaut.cli.views.diff import change_lines
from kubernaut.cli.views.live import Follower
from kubernaut.cli.views.summary import execute_command
from kubernaut.errors import InputError
from kubernaut.kube.client import Cluster
from kubernaut.kube.follow import wait_for_end
from kubernaut.kube.objects import Key

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
        inverse = inverse_of(original)
        spec = {"action": inverse.action, "undoes": name}
        _show(name, await _rehearse(cluster, original, spec), asks=asks)
        undoing = await create_execution(cluster, Key(original.namespace, ""), spec, prefix=f"{name[:40]}-undone-")
        follower = Follower(console(), quiet=quiet)
        return await follower.follow(cluster, Key(undoing.namespace, undoing.name))


def _show(name: str, planned: tuple[Change, ...], *, asks: bool) -> None:
    """Print what the rollback will change, on standard error, and ask if there is someone to ask."""
    out = error_console()
    out.print(f"[bold]rollback of {escape_markup(name)} changes:[/]")
    for line in change_lines(planned):
        out.print(f"  {line}", soft_wrap=True)
    if asks and not typer.confirm("Go on?", default=False, err=True):
        raise InputError("not confirmed. Nothing was changed")


def inverse_of(execution: ExecutionView) -> Rollback:
    """Return the action and parameters that undo an execution. Raises InputError if there are none, saying why."""
    problem, result = why_not_undoable(execution), execution.status.result
    if problem or result is None or result.rollback is None:
        raise InputError(problem)
    return result.rollback


async def _rehearse(cluster: Cluster, original: ExecutionView, spec: Mapping[str, Any]) -> tuple[Change, ...]:
    """Return what the inverse would change now. Raises InputError if its dry run fails, or there is nothing left to undo."""
    name, rehearsed = original.name, {**spec, "dryRun": True, "ttlSecondsAfterFinished": _REHEARSAL_TTL_SECONDS}
    created = await create_execution(cluster, Key(original.namespace, ""), rehearsed, prefix=f"{name[:38]}-rehearsed-")
    rehearsal = read_execution(await wait_for_end(cluster, Key(created.namespace, created.name)))
    status = rehearsal.status
    if status.reason == Reason.DIVERGED:
        inverse = inverse_of(original)
        undo = execute_command(inverse.action, original.namespace, inverse.parameters)
        raise InputError(f"{status.message or ''} To undo it nevertheless: {undo}")
    if rehearsal.phase is not Phase.SUCCEEDED:
        raise InputError(f"the rehearsal of the rollback failed, so nothing was changed: {status.message or ''}")
    if status.result is None or not status.result.changes:
        raise InputError(f"there is nothing to undo: everything that {name} changed is as it was before")
    return status.result.changes
