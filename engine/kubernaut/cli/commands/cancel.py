"""`kubernaut cancel`: stops an execution or a run, whatever it is doing."""

from __future__ import annotations

import asyncio

import typer

from kubernaut.api.execution import Phase
from kubernaut.api.view import ExecutionView
from kubernaut.caller.cancellation import cancel_execution, cancel_run
from kubernaut.caller.runs import step_name
from kubernaut.cli.console import console
from kubernaut.cli.exit_codes import ExitCode
from kubernaut.cli.options import Context, Kubeconfig, Namespace, OneExecution, RunName, require_one
from kubernaut.cli.place import Place
from kubernaut.cli.views.live import Follower
from kubernaut.cli.views.runs import RunFollower


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
        await cancel_execution(cluster, key)
        return await Follower(console()).follow(cluster, key)


async def _cancel_run(place: Place, run: str) -> bool:
    """Cancel what has not ended, and return whether all of it was stopped."""
    async with await place.connect() as cluster:
        namespace = place.namespace_on(cluster)
        names = {step_name(one) for one in await cancel_run(cluster, namespace, run)}
        ended = await RunFollower(console()).follow(cluster, namespace, run)
        return all(str(one.phase) in {"Cancelled", "Skipped"} for one in ended if step_name(one) in names)
