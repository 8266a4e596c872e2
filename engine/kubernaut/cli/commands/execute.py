"""`kubernaut execute`: creates an execution and watches it to its end."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from kubernaut.api.view import ExecutionView
from kubernaut.cli.console import Format, Output, console, print_json
from kubernaut.cli.executions import create_execution
from kubernaut.cli.exit_codes import exit_code_of
from kubernaut.cli.options import ActionName, Kubeconfig, Namespace, Parameter, ParameterFile
from kubernaut.cli.parameters import read_parameters
from kubernaut.cli.views.live import Follower
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import Key, key_of
from kubernaut.plugins.registry import Registry


def execute(
    action: ActionName,
    namespace: Namespace = "default",
    parameter: Parameter = [],  # noqa: B006 - typer copies it
    file: ParameterFile = None,
    name: Annotated[str, typer.Option(help="The execution's name; made from the action's by default.")] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Stop after the dry run and show the planned changes.")
    ] = False,
    deadline: Annotated[int | None, typer.Option(min=1, help="Seconds for all attempts together.")] = None,
    wait: Annotated[
        bool, typer.Option("--watch/--no-wait", "--wait", "-w", help="Watch it to its end, or return at once.")
    ] = True,
    kubeconfig: Kubeconfig = None,
    output: Output = Format.TABLE,
) -> None:
    """Create an execution and watch it to its end: its stages, and what its dry run says would change."""
    registry = Registry.discover()
    known = registry.actions.get(action)
    parameters = read_parameters(parameter, file, known.spec.parameters if known else None)
    spec: dict[str, Any] = {"action": action, "parameters": parameters, "dryRun": dry_run}
    if deadline:
        spec["deadlineSeconds"] = deadline
    ended = asyncio.run(_execute(kubeconfig, Key(namespace, name), spec, wait, output))
    raise typer.Exit(exit_code_of(ExecutionView(ended)) if wait else 0)


async def _execute(
    kubeconfig: Path | None, key: Key, spec: dict[str, Any], wait: bool, output: Format
) -> dict[str, Any]:
    cluster = await Cluster.connect(kubeconfig)
    async with cluster:
        created = await create_execution(cluster, key, spec, prefix=f"{spec['action']}-")
        if wait:
            created = await Follower(console(), quiet=output is Format.JSON).follow(cluster, key_of(created))
    if output is Format.JSON:
        print_json(created)
    elif not wait:
        console().print(f"{created['metadata']['name']} created in {key.namespace}")
    return created
