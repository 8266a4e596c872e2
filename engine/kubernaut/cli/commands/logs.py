"""`kubernaut logs`: what an execution's pods wrote, or what is left of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from kubernaut.api.steps import DRY_RUN, EXECUTE
from kubernaut.cli.console import console, error_console, strip_control
from kubernaut.cli.executions import get_execution
from kubernaut.cli.options import ExecutionName, Kubeconfig, Namespace
from kubernaut.cli.pod_logs import LogLine, PodLogs
from kubernaut.cli.views.summary import standing
from kubernaut.errors import InputError
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import Key
from kubernaut.kube.watch import has_ended


class Step(StrEnum):
    """A container of the pod."""

    DRY_RUN = DRY_RUN
    EXECUTE = EXECUTE


_COLOURS = {DRY_RUN: "cyan", EXECUTE: "green"}


def logs(
    name: ExecutionName,
    namespace: Namespace = "default",
    step: Annotated[Step | None, typer.Option(help="Only this step's.")] = None,
    attempt: Annotated[int, typer.Option(min=0, help="Only this attempt's, counted from 1.", show_default=False)] = 0,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on until the execution has ended.")] = False,
    kubeconfig: Kubeconfig = None,
) -> None:
    """Print what the execution's pods wrote, each line with its attempt and step; what is left of it once they are gone."""
    asyncio.run(_logs(kubeconfig, Key(namespace, name), step, attempt, follow))


async def _logs(kubeconfig: Path | None, key: Key, step: Step | None, attempt: int, follow: bool) -> None:
    async with await Cluster.connect(kubeconfig) as cluster:
        obj = await get_execution(cluster, key)
        whole = PodLogs(cluster, obj)
        if not (follow and not has_ended(obj)) and not await whole.sources():
            _what_is_left(obj)
            return
        chosen = PodLogs(cluster, obj, step.value if step else "", attempt)
        nothing = True
        async for line in chosen.followed() if follow else chosen.lines():
            nothing = False
            _print(line)
        if nothing:
            _say_nothing(key, await whole.sources() != [] and await chosen.sources() == [], step, attempt)


def _print(line: LogLine) -> None:
    source = line.source
    _print_line(f"{source.attempt} {source.step:<7} │ ", _COLOURS[source.step], line.text)


def _print_line(head: str, colour: str, text: str) -> None:
    console().print(Text.assemble((head, colour), strip_control(text)), soft_wrap=True)


def _say_nothing(key: Key, not_there: bool, step: Step | None, attempt: int) -> None:
    what = " of ".join(
        part for part in (f"step {step}" if step else "", f"attempt {attempt}" if attempt else "") if part
    )
    if not_there:
        raise InputError(f"{key.name} has no {what} that started: kubernaut describe {key.name} -n {key.namespace}")
    error_console().print(f"its pods wrote nothing{f' in {what}' if what else ''}", markup=False)


def _what_is_left(obj: Mapping[str, Any]) -> None:
    """Of an execution without pods: the last lines that its status kept. Raises InputError where it kept none."""
    status, key = obj.get("status", {}), Key(obj["metadata"]["namespace"], obj["metadata"]["name"])
    look = f"kubernaut describe {key.name} -n {key.namespace}"
    if status.get("logTail"):
        error_console().print("its pods are gone; this is what its status kept of their log:", markup=False)
        for line in status["logTail"].splitlines():
            _print_line("kept      │ ", "yellow", line)
        return
    if not status.get("jobName"):
        never = "never had a pod" if has_ended(obj) else "has no pod yet"
        raise InputError(f"{key.name} {never}: it is {standing(status)}. See why: {look}")
    if not has_ended(obj):
        raise InputError(f"{key.name} has no pod that started yet: wait for it with -f, or see why: {look}")
    raise InputError(
        f"the pods of {key.name} are gone, and only a failed one's last lines are kept. What is known: {look}"
    )
