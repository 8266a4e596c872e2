"""`kubernaut propose`: rehearses an action, so that somebody can approve exactly what it would do."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from kubernaut.cli.commands.execute import execute_spec
from kubernaut.cli.console import Format, Output
from kubernaut.cli.exit_codes import ExitCode, exit_code_of
from kubernaut.cli.options import ActionName, Context, Kubeconfig, Namespace, Parameter, ParameterFile
from kubernaut.cli.parameters import read_action_parameters
from kubernaut.cli.place import Place


def propose(
    action: ActionName,
    namespace: Namespace = "",
    parameter: Parameter = [],  # noqa: B006 - typer copies it
    file: ParameterFile = None,
    name: Annotated[str, typer.Option(help="The proposal's name; generated from the action's by default.")] = "",
    wait: Annotated[
        bool, typer.Option("--watch/--no-wait", "--wait", "-w", help="Watch it to its end, or return at once.")
    ] = True,
    kubeconfig: Kubeconfig = None,
    context: Context = "",
    output: Output = Format.TABLE,
) -> None:
    """Rehearse an action: show what it would change, and leave it to `kubernaut approve` to carry out just that."""
    spec = {"action": action, "parameters": read_action_parameters(action, parameter, file), "dryRun": True}
    execution = asyncio.run(execute_spec(Place(kubeconfig, context, namespace), name, spec, wait, output))
    raise typer.Exit(exit_code_of(execution) if wait else ExitCode.DONE)
