"""`kubernaut execute`: creates an execution and watches it to its end."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import typer

from kubernaut.api.view import ExecutionView
from kubernaut.caller.executions import create_execution
from kubernaut.cli.console import Format, Output, console, print_json
from kubernaut.cli.exit_codes import ExitCode, exit_code_of
from kubernaut.cli.options import ActionName, Context, Kubeconfig, Namespace, Parameter, ParameterFile
from kubernaut.cli.parameters import read_action_parameters
from kubernaut.cli.place import Place
from kubernaut.cli.views.live import Follower
from kubernaut.kube.objects import Key


def execute(
    action: ActionName,
    namespace: Namespace = "",
    parameter: Parameter = [],  # noqa: B006 - typer copies it
    file: ParameterFile = None,
    name: Annotated[str, typer.Option(help="The execution's name; generated from the action's by default.")] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Stop after the dry run and show the planned changes.")
    ] = False,
    deadline: Annotated[int | None, typer.Option(min=1, help="Seconds for all attempts together.")] = None,
    wait: Annotated[
        bool, typer.Option("--watch/--no-wait", "--wait", "-w", help="Watch it to its end, or return at once.")
    ] = True,
    kubeconfig: Kubeconfig = None,
    context: Context = "",
    output: Output = Format.TABLE,
) -> None:
    """Create an execution and watch it to its end: its stages, and what would change according to its dry run."""
    parameters = read_action_parameters(action, parameter, file)
    spec: dict[str, Any] = {"action": action, "parameters": parameters, "dryRun": dry_run}
    if deadline:
        spec["deadlineSeconds"] = deadline
    execution = asyncio.run(execute_spec(Place(kubeconfig, context, namespace), name, spec, wait, output))
    raise typer.Exit(exit_code_of(execution) if wait else ExitCode.DONE)


async def execute_spec(place: Place, name: str, spec: dict[str, Any], wait: bool, output: Format) -> ExecutionView:
    """Create an execution of this spec, watch it to its end if that is wanted, print it, and return it."""
    async with await place.connect() as cluster:
        execution = await create_execution(cluster, place.key(cluster, name), spec, prefix=f"{spec['action']}-")
        if wait:
            created = Key(execution.namespace, execution.name)
            execution = await Follower(console(), quiet=output is Format.JSON).follow(cluster, created)
    if output is Format.JSON:
        print_json(execution.json)
    elif not wait:
        console().print(f"{execution.name} created in {execution.namespace}")
    return execution
