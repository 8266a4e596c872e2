"""`kubernaut approve`: carries out what a dry run planned, and nothing else."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from kubernaut.api.execution import Phase
from kubernaut.api.view import ExecutionView
from kubernaut.cli.console import Format, Output, console, error_console, escape_markup, print_json
from kubernaut.cli.durations import age
from kubernaut.cli.executions import create_execution, get_execution
from kubernaut.cli.exit_codes import ExitCode, exit_code_of
from kubernaut.cli.options import Context, ExecutionName, Kubeconfig, Namespace
from kubernaut.cli.parameters import as_pairs
from kubernaut.cli.place import Place
from kubernaut.cli.views.live import Follower
from kubernaut.cli.views.summary import result_lines
from kubernaut.errors import ExistsError, InputError
from kubernaut.kube.objects import Key

_SUFFIX = "-approved"
_MAX_NAME = 63


def approve(
    name: ExecutionName,
    namespace: Namespace = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before it acts.")] = False,
    wait: Annotated[
        bool, typer.Option("--watch/--no-wait", "--wait", "-w", help="Watch it to its end, or return at once.")
    ] = True,
    kubeconfig: Kubeconfig = None,
    context: Context = "",
    output: Output = Format.TABLE,
) -> None:
    """Carry out what a dry run planned, as you, after showing it. If the plan has changed meanwhile, nothing is done."""
    execution = asyncio.run(_approve(Place(kubeconfig, context, namespace), name, yes=yes, wait=wait, output=output))
    if output is Format.JSON:
        print_json(execution.json)
    elif not wait:
        console().print(f"{execution.name} created in {execution.namespace}")
    raise typer.Exit(exit_code_of(execution) if wait else ExitCode.DONE)


async def _approve(place: Place, name: str, *, yes: bool, wait: bool, output: Format) -> ExecutionView:
    async with await place.connect() as cluster:
        proposal = await get_execution(cluster, place.key(cluster, name))
        spec = approving_spec(proposal)
        _show(proposal)
        if not yes:
            _ask()
        key = Key(proposal.namespace, f"{proposal.name[: _MAX_NAME - len(_SUFFIX)]}{_SUFFIX}")
        try:
            execution = await create_execution(cluster, key, spec)
        except ExistsError as error:
            raise InputError(
                f"{proposal.name} was approved already: kubernaut describe {key.name} -n {key.namespace}"
            ) from error
        if not wait:
            return execution
        return await Follower(console(), quiet=output is Format.JSON).follow(cluster, key)


def approving_spec(proposal: ExecutionView) -> dict[str, Any]:
    """Return the spec of the execution that carries out this plan. Raises InputError if there is none to carry out, saying why."""
    name, status, remedy = proposal.name, proposal.status, f"-n {proposal.namespace}"
    if not proposal.is_dry_run:
        raise InputError(f"{name} is not a dry run: only what was rehearsed can be approved (kubernaut propose)")
    if not proposal.has_ended:
        raise InputError(f"{name} is {proposal.phase}: wait for its end with kubernaut get -w {name} {remedy}")
    if proposal.phase is not Phase.SUCCEEDED:
        raise InputError(f"{name} planned nothing, it ended as {status.reason or status.phase}: {status.message or ''}")
    if not status.plan_digest:
        raise InputError(
            f"{name} cannot be approved: its changes are not recorded as a whole, so nobody can see all that it would do"
        )
    if status.approval:
        raise InputError(f"{name} was approved already: kubernaut describe {status.approval.execution} {remedy}")
    spec = proposal.spec
    return {
        "action": spec.action,
        "parameters": spec.parameters,
        "approvedPlan": {"execution": name, "digest": status.plan_digest},
        **({"deadlineSeconds": spec.deadline_seconds} if spec.deadline_seconds else {}),
    }


def _show(proposal: ExecutionView) -> None:
    """Print on standard error who proposed what, and what it would change."""
    out, spec = error_console(), proposal.spec
    proposer = proposal.status.requested_by or proposal.requested_by or "somebody unknown"
    pairs = " ".join(as_pairs(spec.parameters))
    asked = f"{spec.action} {pairs}".rstrip()
    since = age(proposal.json["metadata"]["creationTimestamp"], datetime.now(UTC))
    heading = f"[bold]{escape_markup(asked)}[/], proposed by {escape_markup(proposer)} {since} ago, would change:"
    out.print(heading, soft_wrap=True)
    for line in result_lines(proposal) or [escape_markup(proposal.status.message or "nothing")]:
        out.print(f"  {line}", soft_wrap=True)


def _ask() -> None:
    """Ask whether to go on. Raises InputError for a no, and where there is nobody to ask."""
    if not sys.stdin.isatty():
        raise InputError("there is no terminal to ask in: pass --yes to approve what is shown. Nothing was changed")
    if not typer.confirm("Approve it?", default=False, err=True):
        raise InputError("not approved. Nothing was changed")
