"""`kubernaut approve`: carries out what a dry run planned, and nothing else."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from kubernaut.api.view import ExecutionView
from kubernaut.cli.approvals import approving_spec, ask_for_approval, show_proposal
from kubernaut.cli.console import Format, Output, console, print_json
from kubernaut.cli.executions import create_execution, get_execution
from kubernaut.cli.exit_codes import ExitCode, exit_code_of
from kubernaut.cli.options import Context, Kubeconfig, Namespace, OneExecution, RunName
from kubernaut.cli.place import Place
from kubernaut.cli.run_approval import approve_run
from kubernaut.cli.runs import require_one
from kubernaut.cli.views.live import Follower
from kubernaut.cli.views.runs import has_succeeded
from kubernaut.errors import ExistsError, InputError
from kubernaut.kube.objects import Key, without_managed_fields

_SUFFIX = "-approved"
_MAX_NAME = 63


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
        spec = approving_spec(proposal)
        show_proposal(proposal)
        if not yes:
            ask_for_approval()
        key = Key(proposal.namespace, f"{proposal.name[: _MAX_NAME - len(_SUFFIX)]}{_SUFFIX}")
        try:
            execution = await create_execution(cluster, key, spec)
        except ExistsError as error:
            there = await get_execution(cluster, key)
            is_approval = there.approved_plan == proposal.name
            what = (
                f"{proposal.name} was approved already"
                if is_approval
                else f"the name {key.name} is taken by another execution"
            )
            raise InputError(f"{what}: kubernaut describe {key.name} -n {key.namespace}") from error
        if not wait:
            return execution
        return await Follower(console(), quiet=output is Format.JSON).follow(cluster, key)
