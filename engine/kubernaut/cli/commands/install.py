"""`kubernaut install --check`: what a cluster lacks of an installation, and the commands that fix it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table

from kubernaut.cli.approval_checks import check_approvals
from kubernaut.cli.console import (
    NO_WRAP_WIDTH,
    Format,
    Output,
    console,
    escape_markup,
    print_json,
    print_trimmed,
    table,
)
from kubernaut.cli.exit_codes import ExitCode
from kubernaut.cli.options import Configuration, Context, Kubeconfig, read_settings
from kubernaut.cli.place import Place
from kubernaut.errors import InputError
from kubernaut.install.checks import CheckResult, State
from kubernaut.install.preflight import INSTALL, Preflight
from kubernaut.install.rbac import ENGINE_NAMESPACE
from kubernaut.plugins.overrides import apply_settings
from kubernaut.plugins.registry import Registry
from kubernaut.settings import Settings

_STYLES = {State.OK: "green", State.MISSING: "red", State.UNKNOWN: "red", State.OPTIONAL: "yellow"}


def install(
    check: Annotated[bool, typer.Option("--check", help="Check what is missing; changes nothing.")] = False,
    namespace: Annotated[
        list[str],
        typer.Option("-n", "--namespace", help="A namespace for the engine to serve; every namespace by default."),
    ] = [],  # noqa: B006 - typer copies it
    config: Configuration = None,
    engine_namespace: Annotated[str, typer.Option(help="The engine's own namespace.")] = ENGINE_NAMESPACE,
    kubeconfig: Kubeconfig = None,
    context: Context = "",
    output: Output = Format.TABLE,
) -> None:
    """Show what an installation in a cluster lacks, and how to fix it; exit code 1 if anything needed is missing or cannot be seen."""
    if not check:
        raise InputError(f"kubectl installs: {INSTALL}. After that, `kubernaut install --check` shows what is missing")
    results = asyncio.run(_check(Place(kubeconfig, context), namespace, engine_namespace, read_settings(config, None)))
    if output is Format.JSON:
        print_json([asdict(result) for result in results])
    else:
        print_trimmed(console(NO_WRAP_WIDTH), results_table(results))
    raise typer.Exit(ExitCode.FAILED if any(result.failed for result in results) else ExitCode.DONE)


async def _check(place: Place, namespaces: list[str], home: str, settings: Settings) -> list[CheckResult]:
    registry = apply_settings(Registry.discover(), settings)
    async with await place.connect() as cluster:
        preflight = Preflight(cluster, registry, namespaces, home)
        results = await preflight.run(datetime.now(UTC))
        return [*results, *await check_approvals(cluster, registry, namespaces or await preflight.granted_namespaces())]


def results_table(results: Iterable[CheckResult]) -> Table:
    """Return a row per result."""
    listing = table("STATE", "COMPONENT", "DETAIL", "REMEDY")
    for result in results:
        state = f"[{_STYLES[result.state]}]{result.state}[/]"
        listing.add_row(state, *map(escape_markup, (result.component, result.detail, result.remedy)))
    return listing
