"""`kubernaut logs`: what an execution's pods wrote, or what is left of it."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import Annotated

import typer
from rich.text import Text

from kubernaut.api.steps import DRY_RUN, EXECUTE
from kubernaut.api.view import ExecutionView
from kubernaut.caller.executions import get_execution
from kubernaut.caller.pod_logs import LogLine, PodLogs
from kubernaut.caller.progress import format_state
from kubernaut.cli.console import console, error_console, strip_control
from kubernaut.cli.options import Context, ExecutionName, Kubeconfig, Namespace
from kubernaut.cli.place import Place
from kubernaut.errors import InputError


class Step(StrEnum):
    """A container of the pod."""

    DRY_RUN = DRY_RUN
    EXECUTE = EXECUTE


_COLOURS = {DRY_RUN: "cyan", EXECUTE: "green"}


def logs(
    name: ExecutionName,
    namespace: Namespace = "",
    step: Annotated[Step | None, typer.Option(help="Only this step's.")] = None,
    attempt: Annotated[int, typer.Option(min=0, help="Only this attempt's, counted from 1.", show_default=False)] = 0,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Continue until the execution has ended.")] = False,
    kubeconfig: Kubeconfig = None,
    context: Context = "",
) -> None:
    """Print what the execution's pods wrote, each line with its attempt and step; once they are gone, what status kept of it."""
    asyncio.run(_logs(Place(kubeconfig, context, namespace), name, step, attempt, follow))


async def _logs(place: Place, name: str, step: Step | None, attempt: int, follow: bool) -> None:
    async with await place.connect() as cluster:
        execution = await get_execution(cluster, place.key(cluster, name))
        everything = PodLogs(cluster, execution)
        if (execution.has_ended or not follow) and not await everything.sources():
            _print_log_tail(execution)
            return
        selected = PodLogs(cluster, execution, step.value if step else "", attempt)
        is_empty = True
        async for line in selected.follow() if follow else selected.read():
            is_empty = False
            _print(line)
        if is_empty:
            not_started = await everything.sources() != [] and await selected.sources() == []
            _report_empty(execution, _selection(step, attempt), not_started)


def _print(line: LogLine) -> None:
    _print_line(f"{line.attempt} {line.step:<7} │ ", _COLOURS[line.step], line.text)


def _print_line(head: str, colour: str, text: str) -> None:
    console().print(Text.assemble((head, colour), strip_control(text)), soft_wrap=True)


def _selection(step: Step | None, attempt: int) -> str:
    parts = (f"step {step}" if step else "", f"attempt {attempt}" if attempt else "")
    return " of ".join(part for part in parts if part)


def _report_empty(execution: ExecutionView, selection: str, not_started: bool) -> None:
    if not_started:
        raise InputError(f"{execution.name} has no {selection} that started: {_describe(execution)}")
    error_console().print(f"its pods wrote nothing{f' in {selection}' if selection else ''}", markup=False)


def _print_log_tail(execution: ExecutionView) -> None:
    """Print the last log lines that the status of an execution without pods has. Raises InputError if it has none."""
    status, name = execution.status, execution.name
    if status.log_tail:
        error_console().print("its pods are gone; this is what its status kept of their log:", markup=False)
        for line in status.log_tail.splitlines():
            _print_line("kept      │ ", "yellow", line)
        return
    if not execution.job_name:
        without = "never had a pod" if execution.has_ended else "has no pod yet"
        state = format_state(status.phase, status.reason)
        raise InputError(f"{name} {without}: it is {state}. To see why: {_describe(execution)}")
    if not execution.has_ended:
        raise InputError(f"{name} has no pod that started yet: wait for it with -f, or see why: {_describe(execution)}")
    raise InputError(
        f"the pods of {name} are gone, and only a failed pod's last lines are kept. To see what is known: {_describe(execution)}"
    )


def _describe(execution: ExecutionView) -> str:
    return f"kubernaut describe {execution.name} -n {execution.namespace}"
