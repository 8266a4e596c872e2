"""`kubernaut cancel`: stops an execution or a run, whatever it is doing."""

from __future__ import annotations

import asyncio

import typer

from kubernaut.api.execution import Phase
from kubernaut.api.view import ExecutionView
from kubernaut.cli.console import console
from kubernaut.cli.executions import get_unfinished_execution, patch_execution
from kubernaut.cli.exit_codes import ExitCode
from kubernaut.cli.options import Context, Kubeconfig, Namespace, OneExecution, RunName
from kubernaut.cli.place import Place
from kubernaut.cli.runs import read_run, require_one, step_name
from kubernaut.cli.views.live import Follower
from kubernaut.cli.views.runs import RunFollower
from kubernaut.errors import InputError
from kubernaut.kube.objects import Key


def cancel(
    name: OneExecution = "",
    namespace: Namespace = "",
    run: RunName = "",
    kubeconfig: Kubeconfig = None,
    context: Context = "",
) -> None:
    """Stop an execution or a run, whatever it is doing, and wait until its pods are gone."""
    require_one(name, run)
    place = Place(kubeconfig, context, namespace)
    if run:
        raise typer.Exit(ExitCode.DONE if asyncio.run(_cancel_run(place, run)) else ExitCode.FAILED)
    execution = asyncio.run(_cancel(place, name))
    raise typer.Exit(ExitCode.DONE if execution.phase is Phase.CANCELLED else ExitCode.FAILED)


async def _cancel(place: Place, name: str) -> ExecutionView:
    async with await place.connect() as cluster:
        key = place.key(cluster, name)
        await get_unfinished_execution(cluster, key)
        await patch_execution(cluster, key, {"spec": {"cancel": True}})
        return await Follower(console()).follow(cluster, key)


async def _cancel_run(place: Place, run: str) -> bool:
    """Cancel what has not ended, the last step first so that none begins when another ends; return whether all of it was stopped."""
    async with await place.connect() as cluster:
        namespace = place.namespace_on(cluster)
        unfinished = [one for one in await read_run(cluster, namespace, run) if not one.has_ended]
        if not unfinished:
            raise InputError(f"run {run} has ended already: kubernaut describe --run {run} -n {namespace}")
        for execution in reversed(unfinished):
            await patch_execution(cluster, Key(namespace, execution.name), {"spec": {"cancel": True}})
        names = {step_name(one) for one in unfinished}
        ended = await RunFollower(console()).follow(cluster, namespace, run)
        return all(str(one.phase) in {"Cancelled", "Skipped"} for one in ended if step_name(one) in names)
