"""`kubernaut get`: executions as rows, once or as they change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from typing import Annotated

import typer
from rich.live import Live
from rich.table import Table

from kubernaut.api.execution import Phase
from kubernaut.api.view import ExecutionView
from kubernaut.caller.selection import Selection
from kubernaut.cli import completion
from kubernaut.cli.console import (
    NO_WRAP_WIDTH,
    console,
    error_console,
    print_json,
    print_trimmed,
    strip_control,
    supports_live,
)
from kubernaut.cli.options import AllNamespaces, Context, Kubeconfig, Namespace, RunName
from kubernaut.cli.place import Place
from kubernaut.cli.views.rows import execution_line, executions_table
from kubernaut.errors import InputError
from kubernaut.kube.follow import list_by_key, watch_collection
from kubernaut.kube.objects import EXECUTIONS, Object, without_managed_fields


class GetFormat(StrEnum):
    """How executions are printed."""

    TABLE = "table"
    WIDE = "wide"
    JSON = "json"


Select = Callable[[str | None], Selection]
"""Returns what to show of one namespace, or of all."""


def get(
    name: Annotated[
        list[str] | None,
        typer.Argument(help="Only these executions; all by default.", autocompletion=completion.executions),
    ] = None,
    namespace: Namespace = "",
    all_namespaces: AllNamespaces = False,
    phase: Annotated[
        list[Phase], typer.Option(help="Only those in this phase; can be repeated.", case_sensitive=False)
    ] = [],  # noqa: B006 - typer copies it
    proposals: Annotated[
        bool, typer.Option("--proposals", help="Only dry runs whose plan can be approved and was not yet.")
    ] = False,
    run: RunName = "",
    watch: Annotated[
        bool, typer.Option("-w", "--watch", help="Follow them as they change; those named, to their end.")
    ] = False,
    kubeconfig: Kubeconfig = None,
    context: Context = "",
    output: Annotated[
        GetFormat, typer.Option("-o", "--output", help="table or wide for people, json for machines.")
    ] = GetFormat.TABLE,
) -> None:
    """List executions: phase and reason, action, target, who requested them, age and duration."""
    if name and all_namespaces:
        raise InputError("-A lists the executions of every namespace: leave it out to name some of one namespace")
    place = Place(kubeconfig, context, namespace, all_namespaces)
    select = partial(Selection, names=name or (), phases=phase, proposals=proposals, run=run)
    asyncio.run(_watch(place, select, output) if watch else _list(place, select, output))


async def _list(place: Place, select: Select, output: GetFormat) -> None:
    async with await place.connect() as cluster:
        selection = select(place.scope_on(cluster))
        found, _ = await list_by_key(cluster, EXECUTIONS, selection.namespace, selector=selection.selector)
    selection.require_names(found)
    selected = selection.select(found)
    if output is GetFormat.JSON:
        print_json([_json(execution) for execution in selected])
    elif selected:
        print_trimmed(console(NO_WRAP_WIDTH), _table(selection, selected, output))
    else:
        noun = "open proposals" if selection.proposals else "executions"
        kind = f"{' or '.join(sorted(selection.phases))} {noun}" if selection.phases else noun
        where = f"in {selection.namespace}" if selection.namespace else "in any namespace"
        error_console().print(f"no {kind} {where}", markup=False)


async def _watch(place: Place, select: Select, output: GetFormat) -> None:
    """Show one table that changes on a terminal, and a line for each change elsewhere."""
    out = console()
    selected: list[ExecutionView] = []
    async with await place.connect() as cluster:
        selection = select(place.scope_on(cluster))
        states = watch_collection(cluster, EXECUTIONS, selection.namespace, selector=selection.selector)
        if output is not GetFormat.JSON and supports_live(out):
            with Live(get_renderable=lambda: _table(selection, selected, output), console=out, refresh_per_second=4):
                async for found in states:
                    selected = selection.select(found)
                    if selection.has_ended(found):
                        return
            return
        async for found in states:
            before, selected = selected, selection.select(found)
            for execution in _changed(before, selected):
                _print_change(execution, selection, output)
            if selection.has_ended(found):
                return


def _changed(before: Iterable[ExecutionView], now: Iterable[ExecutionView]) -> list[ExecutionView]:
    known = {execution.uid: _resource_version(execution) for execution in before}
    return [execution for execution in now if known.get(execution.uid) != _resource_version(execution)]


def _resource_version(execution: ExecutionView) -> str:
    return str(execution.json["metadata"]["resourceVersion"])


def _print_change(execution: ExecutionView, selection: Selection, output: GetFormat) -> None:
    if output is GetFormat.JSON:
        print_json(_json(execution), indent=None)
        return
    wide = output is GetFormat.WIDE
    text = execution_line(execution, datetime.now(UTC), namespaced=selection.namespace is None, wide=wide)
    print(strip_control(text), flush=True)  # noqa: T201 - a line as it happens, which rich would wrap


def _table(selection: Selection, selected: list[ExecutionView], output: GetFormat) -> Table:
    namespaced, wide = selection.namespace is None, output is GetFormat.WIDE
    return executions_table(selected, datetime.now(UTC), namespaced=namespaced, wide=wide)


def _json(execution: ExecutionView) -> Object:
    return without_managed_fields(dict(execution.json))
