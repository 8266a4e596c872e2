"""`kubernaut run`: creates the executions of a runbook, and watches them to their end."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from kubernaut.api.runbook import RunbookSpec
from kubernaut.api.view import ExecutionView
from kubernaut.caller.commands import as_pairs
from kubernaut.caller.planned_runs import PlannedRun, create_planned_run, plan_run
from kubernaut.caller.runs import get_runbook
from kubernaut.cli import completion
from kubernaut.cli.console import Format, Output, console, error_console, escape_markup, print_json
from kubernaut.cli.exit_codes import ExitCode
from kubernaut.cli.options import Context, Kubeconfig, Namespace, Parameter, ParameterFile
from kubernaut.cli.parameters import read_parameter_file
from kubernaut.cli.place import Place
from kubernaut.cli.views.runs import RunFollower, has_succeeded
from kubernaut.errors import InputError
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import without_managed_fields
from kubernaut.runbooks.arguments import parse_argument
from kubernaut.runbooks.expansion import Run
from kubernaut.runbooks.manifest import read_runbook


def run(
    name: Annotated[str, typer.Argument(help="The runbook.", autocompletion=completion.runbooks)],
    namespace: Namespace = "",
    parameter: Parameter = [],  # noqa: B006 - typer copies it
    file: ParameterFile = None,
    propose: Annotated[
        bool, typer.Option("--propose", help="Rehearse every step, so that the run can be approved.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before it acts.")] = False,
    wait: Annotated[
        bool, typer.Option("--watch/--no-wait", "--wait", "-w", help="Watch it to its end, or return at once.")
    ] = True,
    kubeconfig: Kubeconfig = None,
    context: Context = "",
    output: Output = Format.TABLE,
) -> None:
    """Create the executions of a runbook, as you, and watch them to their end. One that is refused leaves none behind."""
    asks = not yes and not propose and sys.stdin.isatty()
    place = Place(kubeconfig, context, namespace)
    executions = asyncio.run(
        _run(place, name, parameter, file, propose=propose, asks=asks, wait=wait, quiet=output is Format.JSON)
    )
    if output is Format.JSON:
        print_json([without_managed_fields(dict(one.json)) for one in executions])
    raise typer.Exit(ExitCode.DONE if not wait or has_succeeded(executions) else ExitCode.FAILED)


async def _run(
    place: Place,
    name: str,
    pairs: Sequence[str],
    file: Path | None,
    *,
    propose: bool,
    asks: bool,
    wait: bool,
    quiet: bool,
) -> list[ExecutionView]:
    async with await place.connect() as cluster:
        key = place.key(cluster, name)
        runbook = await get_runbook(cluster, key)
        _, spec = read_runbook(runbook)
        planned = plan_run(runbook, read_arguments(spec, pairs, file), propose=propose)
        if asks:
            _ask(planned.run)
        return await start_run(cluster, planned, wait=wait, quiet=quiet)


async def start_run(cluster: Cluster, planned: PlannedRun, *, wait: bool, quiet: bool) -> list[ExecutionView]:
    """Create the executions of a run, print its name, watch it to its end if that is wanted, and return them."""
    out, run, namespace = console(), planned.run, planned.namespace
    executions = await create_planned_run(cluster, planned)
    if not quiet:
        out.print(f"run {run.name} created in {escape_markup(namespace)}", soft_wrap=True)
        for left_out in planned.left_out:
            out.print(f"  {left_out} is not rehearsed: there is nothing to undo yet", soft_wrap=True)
    if wait:
        executions = await RunFollower(out, quiet=quiet).follow(cluster, namespace, run.name)
    if not quiet:
        for line in _next_lines(run, namespace, executions, wait=wait):
            out.print(f"  next: {line}", soft_wrap=True)
    return executions


def read_arguments(spec: RunbookSpec, pairs: Sequence[str], file: Path | None) -> dict[str, Any]:
    """Return the parameters that the caller gives; `-p` wins over the file. Raises InputError naming the option or the parameter."""
    arguments: dict[str, Any] = read_parameter_file(file) if file else {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            raise InputError(f"-p {pair}: write it as key=value")
        arguments[name] = parse_argument(spec.parameters, name, text)
    return arguments


def _ask(run: Run) -> None:
    """Show the steps on standard error, and ask whether to go on. Raises InputError for a no."""
    out = error_console()
    out.print(f"[bold]{escape_markup(run.runbook)}[/] would create:", soft_wrap=True)
    for step in run.steps:
        out.print(f"  {escape_markup(step_line(run, step.step))}", soft_wrap=True)
    if not typer.confirm("Go on?", default=False, err=True):
        raise InputError("not confirmed. Nothing was created")


def step_line(run: Run, name: str) -> str:
    """Return a step in one line: its action and parameters, or what it undoes, and what it comes after."""
    steps = {step.name: step.step for step in run.steps}
    step = next(step for step in run.steps if step.step == name)
    content = f"undoes {steps[step.undoes]}" if step.undoes else " ".join(as_pairs(step.spec["parameters"]))
    after = ", ".join(f"{steps[edge['execution']]} {edge['when']}" for edge in step.spec.get("after", ()))
    return "  ".join(part for part in (name, step.action, content, f"(after {after})" if after else "") if part)


def _next_lines(run: Run, namespace: str, executions: Sequence[ExecutionView], *, wait: bool) -> list[str]:
    where = f"{run.name} -n {escape_markup(namespace)}"
    is_proposal = all(execution.is_dry_run for execution in executions)
    if not wait:
        return [f"kubernaut get --run {where} -w", *([f"kubernaut approve --run {where}"] if is_proposal else [])]
    if not has_succeeded(executions):
        return [f"kubernaut describe --run {where}"]
    return [f"kubernaut approve --run {where}  # carry out just this"] if is_proposal else []
