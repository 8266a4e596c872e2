"""`kubernaut rollback`: undoes an execution, unless somebody has changed since what it did."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import typer

from kubernaut.api.execution import Phase
from kubernaut.api.labels import ANNOTATION_ROLLBACK_OF
from kubernaut.api.plugin import Change
from kubernaut.api.view import ExecutionView
from kubernaut.cli.console import Format, Output, console, print_json
from kubernaut.cli.executions import create_execution, get_execution
from kubernaut.cli.exit_codes import exit_code_of
from kubernaut.cli.options import ExecutionName, Kubeconfig, Namespace
from kubernaut.cli.rollback_check import Divergence, Writer, find_divergences, last_writer
from kubernaut.cli.views.live import Follower
from kubernaut.cli.views.summary import undo_line
from kubernaut.errors import InputError, KubernautError
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import Key, key_of, resource_of
from kubernaut.kube.watch import has_ended, wait_for_end
from kubernaut.plugins.registry import Registry

_REHEARSAL_TTL_SECONDS = 600


def rollback(
    name: ExecutionName,
    namespace: Namespace = "default",
    kubeconfig: Kubeconfig = None,
    output: Output = Format.TABLE,
) -> None:
    """Undo an execution by its inverse; refused when somebody has changed since what it did."""
    ended = asyncio.run(_rollback(kubeconfig, Key(namespace, name), output))
    if output is Format.JSON:
        print_json(ended)
    raise typer.Exit(exit_code_of(ExecutionView(ended)))


async def _rollback(kubeconfig: Path | None, key: Key, output: Format) -> dict[str, Any]:
    async with await Cluster.connect(kubeconfig) as cluster:
        original = await _original(cluster, key)
        inverse = original["status"]["result"]["rollback"]
        planned = await _rehearsed(cluster, key, inverse)
        changes = _changes(original)
        in_the_way = find_divergences(changes, planned)
        if in_the_way:
            raise InputError(await _refusal(cluster, original, in_the_way[0]))
        if not planned:
            raise InputError(f"there is nothing to undo: all that {key.name} changed is as it was before it")
        created = await create_execution(
            cluster,
            Key(key.namespace, ""),
            {"action": inverse["action"], "parameters": inverse["parameters"]},
            prefix=f"{key.name[:40]}-undone-",
            annotations={ANNOTATION_ROLLBACK_OF: key.name},
        )
        return await Follower(console(), quiet=output is Format.JSON).follow(cluster, key_of(created))


async def _original(cluster: Cluster, key: Key) -> dict[str, Any]:
    """The execution to undo; raises InputError saying why it cannot be."""
    obj = await get_execution(cluster, key)
    status = obj.get("status", {})
    if not has_ended(obj):
        raise InputError(
            f"{key.name} has not ended: stop it first with: kubernaut cancel {key.name} -n {key.namespace}"
        )
    if obj["spec"].get("dryRun"):
        raise InputError(f"{key.name} was a dry run: it changed nothing")
    result = status.get("result", {})
    if not result.get("changes"):
        raise InputError(f"{key.name} changed nothing that is known: {status.get('message', '')}")
    if "rollback" not in result:
        raise InputError(f"action {obj['spec']['action']} knows no way back from what {key.name} did")
    return obj


async def _rehearsed(cluster: Cluster, key: Key, inverse: dict[str, Any]) -> list[Change]:
    """What the inverse would change now; raises InputError when its dry run fails."""
    spec = {**inverse, "dryRun": True, "ttlSecondsAfterFinished": _REHEARSAL_TTL_SECONDS}
    note = {ANNOTATION_ROLLBACK_OF: key.name}
    created = await create_execution(
        cluster, Key(key.namespace, ""), spec, prefix=f"{key.name[:38]}-rehearsed-", annotations=note
    )
    ended = await wait_for_end(cluster, key_of(created))
    if ended["status"]["phase"] != Phase.SUCCEEDED:
        raise InputError(
            f"the rehearsal of the way back failed, so nothing was done: {ended['status'].get('message', '')}"
        )
    return _changes(ended)


def _changes(obj: dict[str, Any]) -> list[Change]:
    return [Change.model_validate(change) for change in obj["status"].get("result", {}).get("changes", [])]


async def _refusal(cluster: Cluster, original: dict[str, Any], found: Divergence) -> str:
    """Which field, what it is, who set it, and how to undo all the same."""
    change, name = found.change, original["metadata"]["name"]
    field = f"{change.kind}/{change.name} {change.field}"
    writer = await _writer(cluster, original, change)
    who = f"; {writer.manager} wrote it last, at {writer.time}" if writer else ""
    undo = undo_line(original)
    return f"{field} is {found.now!r} now, not {change.after!r} as {name} left it{who}. Nothing was done. All the same: {undo}"


async def _writer(cluster: Cluster, original: dict[str, Any], change: Change) -> Writer | None:
    """Who wrote the field, where the plugin is installed here to say where its target lives, and this user may read it."""
    action = Registry.discover().actions.get(original["spec"]["action"])
    if action is None:
        return None
    try:
        target = action.spec.target(action.spec.parameters.model_validate(original["spec"]["parameters"]))
        if (target.kind, target.name) != (change.kind, change.name) or not target.resource:
            return None
        obj = await cluster.get(resource_of(target.resource), original["metadata"]["namespace"], target.name)
    except (KubernautError, ValueError):
        return None
    return last_writer(obj, change.field)
