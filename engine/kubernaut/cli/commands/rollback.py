"""`kubernaut rollback`: undoes an execution, unless what it did has been changed since."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from kubernaut.api.execution import Phase
from kubernaut.api.labels import ANNOTATION_ROLLBACK_OF
from kubernaut.api.plugin import Change, Rollback
from kubernaut.api.view import ExecutionView
from kubernaut.cli.console import Format, Output, console, error_console, escape_markup, print_json
from kubernaut.cli.executions import create_execution, get_execution, read_execution
from kubernaut.cli.exit_codes import exit_code_of
from kubernaut.cli.options import Context, ExecutionName, Kubeconfig, Namespace
from kubernaut.cli.place import Place
from kubernaut.cli.rollback_check import Divergence, Writer, find_divergences, find_unrecorded, last_writer
from kubernaut.cli.views.diff import change_lines
from kubernaut.cli.views.live import Follower
from kubernaut.cli.views.summary import execute_command
from kubernaut.errors import InputError, KubernautError
from kubernaut.kube.client import Cluster
from kubernaut.kube.follow import wait_for_end
from kubernaut.kube.objects import Key, resource_of
from kubernaut.plugins.registry import Registry

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
        planned = await _rehearse(cluster, original, inverse)
        divergences = find_divergences(_changes(original), planned)
        if divergences:
            raise InputError(await _refusal(cluster, original, inverse, divergences[0]))
        if not planned:
            raise InputError(f"there is nothing to undo: everything that {name} changed is as it was before")
        if unrecorded := find_unrecorded(_changes(original), planned):
            change = unrecorded[0]
            field = f"{change.kind}/{change.name} {change.field}"
            raise InputError(f"its rollback would change {field}, which {name} did not record. Nothing was changed")
        _show(name, planned, asks=asks)
        spec = {"action": inverse.action, "parameters": inverse.parameters}
        undoing = await create_execution(
            cluster,
            Key(original.namespace, ""),
            spec,
            prefix=f"{name[:40]}-undone-",
            annotations=_annotations(original),
        )
        follower = Follower(console(), quiet=quiet)
        return await follower.follow(cluster, Key(undoing.namespace, undoing.name))


def _show(name: str, planned: Sequence[Change], *, asks: bool) -> None:
    """Print what the rollback will change, on standard error, and ask if there is someone to ask."""
    out = error_console()
    out.print(f"[bold]rollback of {escape_markup(name)} changes:[/]")
    for line in change_lines(planned):
        out.print(f"  {line}", soft_wrap=True)
    if asks and not typer.confirm("Go on?", default=False, err=True):
        raise InputError("not confirmed. Nothing was changed")


def inverse_of(execution: ExecutionView) -> Rollback:
    """Return the action and parameters that undo an execution. Raises InputError if there are none, saying why."""
    name, result = execution.name, execution.status.result
    if not execution.has_ended:
        raise InputError(f"{name} has not ended: stop it first with: kubernaut cancel {name} -n {execution.namespace}")
    if execution.is_dry_run:
        raise InputError(f"{name} was a dry run: it changed nothing")
    if result is None or not result.changes:
        raise InputError(f"{name} has no recorded changes: {execution.status.message or ''}")
    if result.rollback is None and result.irreversible:
        raise InputError(f"{name} cannot be undone: {result.irreversible}")
    if result.rollback is None:
        raise InputError(f"action {execution.action} does not support rollback of {name}")
    return result.rollback


async def _rehearse(cluster: Cluster, original: ExecutionView, inverse: Rollback) -> Sequence[Change]:
    """Return what the inverse would change now. Raises InputError if its dry run fails."""
    spec = {
        "action": inverse.action,
        "parameters": inverse.parameters,
        "dryRun": True,
        "ttlSecondsAfterFinished": _REHEARSAL_TTL_SECONDS,
    }
    created = await create_execution(
        cluster,
        Key(original.namespace, ""),
        spec,
        prefix=f"{original.name[:38]}-rehearsed-",
        annotations=_annotations(original),
    )
    rehearsal = read_execution(await wait_for_end(cluster, Key(created.namespace, created.name)))
    if rehearsal.phase is not Phase.SUCCEEDED:
        raise InputError(
            f"the rehearsal of the rollback failed, so nothing was changed: {rehearsal.status.message or ''}"
        )
    return _changes(rehearsal)


def _annotations(original: ExecutionView) -> dict[str, str]:
    return {ANNOTATION_ROLLBACK_OF: original.name}


def _changes(execution: ExecutionView) -> Sequence[Change]:
    return execution.status.result.changes if execution.status.result else ()


async def _refusal(cluster: Cluster, original: ExecutionView, inverse: Rollback, found: Divergence) -> str:
    """Return which field was changed, to what and by whom, and the command that undoes the execution nevertheless."""
    change, name = found.change, original.name
    field = f"{change.kind}/{change.name} {change.field}"
    writer = await _find_writer(cluster, original, change)
    when = f", at {writer.time}" if writer and writer.time else ""
    who = f"; {writer.manager} wrote it last{when}" if writer else ""
    undo = execute_command(inverse.action, original.namespace, inverse.parameters)
    return (
        f"{field} is {found.now!r} now, not {change.after!r} as {name} left it{who}. Nothing was changed. "
        f"To undo it nevertheless: {undo}"
    )


async def _find_writer(cluster: Cluster, original: ExecutionView, change: Change) -> Writer | None:
    """Return the last writer of the field; None if the plugin is not installed here or this user cannot read the target."""
    action = Registry.discover().actions.get(original.action)
    if action is None:
        return None
    try:
        target = action.spec.target(action.spec.parameters.model_validate(original.spec.parameters))
        if (target.kind, target.name) != (change.kind, change.name) or not target.resource:
            return None
        obj = await cluster.get(resource_of(target.resource), original.namespace, target.name)
    except (KubernautError, ValueError):
        return None
    return last_writer(obj, change.field)
