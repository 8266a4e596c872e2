"""`kubernaut cancel`: stops an execution or a run, whatever it is doing."""

from __future__ import annotations

import asyncio

import typer

from kubernaut.api.execution import Phase
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
    """Stop an execution or a run, whatever it is doing, and wait until its pods are gone. A proposal is rejected: nobody can approve it."""
    require_one(name, run)
    place = Place(kubeconfig, context, namespace)
    if run:
        raise typer.Exit(ExitCode.DONE if asyncio.run(_cancel_run(place, run)) else ExitCode.FAILED)
    raise typer.Exit(ExitCode.DONE if asyncio.run(_cancel(place, name)) else ExitCode.FAILED)


async def _cancel(place: Place, name: str) -> bool:
    """Cancel an execution, and return whether it was stopped; or reject a proposal."""
    async with await place.connect() as cluster:
        key = place.key(cluster, name)
        cancelled = await cancel_execution(cluster, key)
        if cancelled.has_ended and cancelled.status.plan_digest:
            console().print(f"{name} was rejected: nobody can approve it any more", markup=False)
            return True
        return (await Follower(console()).follow(cluster, key)).phase is Phase.CANCELLED


async def _cancel_run(place: Place, run: str) -> bool:
    """Cancel what has not ended, and return whether all of it was stopped."""
    async with await place.connect() as cluster:
        namespace = place.namespace_on(cluster)
        cancelled = await cancel_run(cluster, namespace, run)
        if all(one.is_open_proposal for one in cancelled):
            console().print(f"run {run} was rejected: nobody can approve it any more", markup=False)
            return True
        names = {step_name(one) for one in cancelled}
        ended = await RunFollower(console()).follow(cluster, namespace, run)
        return all(str(one.phase) in {"Cancelled", "Skipped"} for one in ended if step_name(one) in names)
