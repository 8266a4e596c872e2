"""`kubernaut approve`: carries out what a dry run planned, and nothing else."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from kubernaut.api.view import ExecutionView
from kubernaut.caller.approvals import approve as approve_proposal
from kubernaut.caller.approvals import approving_spec
from kubernaut.caller.executions import get_execution
from kubernaut.cli.approvals import ask_for_approval, show_proposal
from kubernaut.cli.console import Format, Output, console, print_json
from kubernaut.cli.exit_codes import ExitCode, exit_code_of
from kubernaut.cli.options import Context, Kubeconfig, Namespace, OneExecution, RunName, require_one
from kubernaut.cli.place import Place
from kubernaut.cli.run_approval import approve_run
from kubernaut.cli.views.live import Follower
from kubernaut.cli.views.runs import has_succeeded
from kubernaut.kube.objects import key_of, without_managed_fields


def approve(
    name: OneExecution = "",
    namespace: Namespace = "",
    run: RunName = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before it acts.")] = False,
    wait: Annotated[
        bool, typer.Option("--watch/--no-wait", "--wait", "-w", help="Watch it to its end, or return at once.")
    ] = True,
    kubeconfig: Kubeconfig = None,
    context: Context = "",
    output: Output = Format.TABLE,
) -> None:
    """Carry out what a dry run or a proposed run planned, as you, after showing it. If a plan has changed meanwhile, nothing is done."""
    require_one(name, run)
    place = Place(kubeconfig, context, namespace)
    if run:
        steps = asyncio.run(approve_run(place, run, yes=yes, wait=wait, quiet=output is Format.JSON))
        if output is Format.JSON:
            print_json([without_managed_fields(dict(one.json)) for one in steps])
        raise typer.Exit(ExitCode.DONE if not wait or has_succeeded(steps) else ExitCode.FAILED)
    execution = asyncio.run(_approve(place, name, yes=yes, wait=wait, output=output))
    if output is Format.JSON:
        print_json(execution.json)
    elif not wait:
        console().print(f"{execution.name} created in {execution.namespace}")
    raise typer.Exit(exit_code_of(execution) if wait else ExitCode.DONE)


async def _approve(place: Place, name: str, *, yes: bool, wait: bool, output: Format) -> ExecutionView:
    async with await place.connect() as cluster:
        proposal = await get_execution(cluster, place.key(cluster, name))
        approving_spec(proposal)  # before anybody is asked
        show_proposal(proposal)
        if not yes:
            ask_for_approval()
        execution = await approve_proposal(cluster, proposal)
        if not wait:
            return execution
        return await Follower(console(), quiet=output is Format.JSON).follow(cluster, key_of(execution.json))
