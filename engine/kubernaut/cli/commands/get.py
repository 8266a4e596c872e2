"""`kubernaut get`: executions as rows, and as they change."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.live import Live
from rich.table import Table

from kubernaut.api.execution import Phase
from kubernaut.cli import completion
from kubernaut.cli.console import (
    NO_WRAP_WIDTH,
    console,
    error_console,
    print_json,
    print_table,
    strip_control,
    supports_live,
)
from kubernaut.cli.options import AllNamespaces, Kubeconfig, Namespace
from kubernaut.cli.views.rows import executions_table, line_of
from kubernaut.errors import InputError
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import EXECUTIONS, Key, Object, without_managed_fields
from kubernaut.kube.watch import has_ended, list_by_key, watch_collection


class Shape(StrEnum):
    """How executions are printed."""

    TABLE = "table"
    WIDE = "wide"
    JSON = "json"


class Wanted:
    """Which executions, in which order: the newest last, next to the prompt."""

    def __init__(self, namespace: str | None, names: Iterable[str], phases: Iterable[Phase]) -> None:
        self.namespace, self.names, self.phases = namespace, set(names), set(phases)

    def of(self, found: Mapping[Key, Object]) -> list[Object]:
        """Those wanted of all there are."""
        fit = [obj for obj in found.values() if self._fits(obj)]
        return sorted(fit, key=lambda o: (o["metadata"]["creationTimestamp"], o["metadata"]["name"]))

    def _fits(self, obj: Object) -> bool:
        phase = obj.get("status", {}).get("phase", Phase.PENDING)
        named = not self.names or obj["metadata"]["name"] in self.names
        return named and (not self.phases or phase in self.phases)

    def require(self, found: Mapping[Key, Object]) -> None:
        """Raises InputError for a name that is not there."""
        missing = self.names - {key.name for key in found}
        if missing:
            listing = f"kubernaut get -n {self.namespace}"
            raise InputError(f"there is no execution {', '.join(sorted(missing))} in {self.namespace}: {listing}")


def get(
    name: Annotated[
        list[str] | None,
        typer.Argument(help="Only these executions; all by default.", autocompletion=completion.executions),
    ] = None,
    namespace: Namespace = "default",
    all_namespaces: AllNamespaces = False,
    phase: Annotated[
        list[Phase], typer.Option(help="Only those in this phase; may be repeated.", case_sensitive=False)
    ] = [],  # noqa: B006 - typer copies it
    watch: Annotated[
        bool, typer.Option("-w", "--watch", help="Follow them as they change; those named, to their end.")
    ] = False,
    kubeconfig: Kubeconfig = None,
    output: Annotated[
        Shape, typer.Option("-o", "--output", help="table or wide for people, json for machines.")
    ] = Shape.TABLE,
) -> None:
    """List executions: phase and reason, action, target, who asked, age and duration."""
    if name and all_namespaces:
        raise InputError("-A lists every namespace's executions: leave it out to name some of one namespace")
    wanted = Wanted(None if all_namespaces else namespace, name or (), phase)
    asyncio.run(_watch(kubeconfig, wanted, output) if watch else _get(kubeconfig, wanted, output))


async def _get(kubeconfig: Path | None, wanted: Wanted, shape: Shape) -> None:
    async with await Cluster.connect(kubeconfig) as cluster:
        found, _ = await list_by_key(cluster, EXECUTIONS, wanted.namespace)
    wanted.require(found)
    shown = wanted.of(found)
    if shape is Shape.JSON:
        print_json([without_managed_fields(obj) for obj in shown])
    elif shown:
        print_table(console(NO_WRAP_WIDTH), _table(wanted, shown, shape))
    else:
        kind = f"{' or '.join(sorted(wanted.phases))} executions" if wanted.phases else "executions"
        error_console().print(
            f"no {kind} {f'in {wanted.namespace}' if wanted.namespace else 'in any namespace'}", markup=False
        )


async def _watch(kubeconfig: Path | None, wanted: Wanted, shape: Shape) -> None:
    """On a terminal one table that changes, elsewhere a line for each change."""
    out = console()
    shown: list[Object] = []
    async with await Cluster.connect(kubeconfig) as cluster:
        states = watch_collection(cluster, EXECUTIONS, wanted.namespace)
        if shape is not Shape.JSON and supports_live(out):
            with Live(get_renderable=lambda: _table(wanted, shown, shape), console=out, refresh_per_second=4):
                async for found in states:
                    shown = wanted.of(found)
                    if _over(wanted, found):
                        return
            return
        async for found in states:
            before, shown = shown, wanted.of(found)
            for obj in _changed(before, shown):
                _print_change(obj, wanted, shape)
            if _over(wanted, found):
                return


def _over(wanted: Wanted, found: Mapping[Key, Object]) -> bool:
    """Have all ended that were named? A watch of all never ends."""
    if not wanted.names:
        return False
    wanted.require(found)
    return all(has_ended(obj) for key, obj in found.items() if key.name in wanted.names)


def _changed(before: Iterable[Object], now: Iterable[Object]) -> list[Object]:
    known = {obj["metadata"]["uid"]: obj["metadata"]["resourceVersion"] for obj in before}
    return [obj for obj in now if known.get(obj["metadata"]["uid"]) != obj["metadata"]["resourceVersion"]]


def _print_change(obj: Object, wanted: Wanted, shape: Shape) -> None:
    if shape is Shape.JSON:
        print_json(without_managed_fields(obj), indent=None)
        return
    text = line_of(obj, datetime.now(UTC), namespaced=wanted.namespace is None, wide=shape is Shape.WIDE)
    print(strip_control(text), flush=True)  # noqa: T201 - a line as it happens


def _table(wanted: Wanted, shown: list[Object], shape: Shape) -> Table:
    return executions_table(shown, datetime.now(UTC), namespaced=wanted.namespace is None, wide=shape is Shape.WIDE)
