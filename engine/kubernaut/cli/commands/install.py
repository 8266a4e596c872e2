"""`kubernaut install --check`: what a cluster lacks of an installation, and the command that mends it."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

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
from kubernaut.cli.options import Kubeconfig
from kubernaut.errors import InputError
from kubernaut.install.components import Part
from kubernaut.install.rbac import ENGINE_NAMESPACE
from kubernaut.install.survey import INSTALL, Survey
from kubernaut.kube.client import Cluster
from kubernaut.plugins.registry import Registry

_STYLES = {"ok": "green", "missing": "red", "unknown": "red", "optional": "yellow"}


def install(
    check: Annotated[bool, typer.Option("--check", help="Look what is missing; changes nothing.")] = False,
    namespace: Annotated[
        list[str],
        typer.Option("-n", "--namespace", help="A namespace that the engine is to serve; every one by default."),
    ] = [],  # noqa: B006 - typer copies it
    engine_namespace: Annotated[str, typer.Option(help="The engine's own namespace.")] = ENGINE_NAMESPACE,
    kubeconfig: Kubeconfig = None,
    output: Output = Format.TABLE,
) -> None:
    """Tell what an installation in a cluster lacks, and how to mend it; exit code 1 if anything needed is not seen there."""
    if not check:
        raise InputError(f"kubectl installs: {INSTALL}. Then `kubernaut install --check` tells what is missing")
    parts = asyncio.run(_parts(kubeconfig, namespace, engine_namespace))
    if output is Format.JSON:
        print_json([asdict(part) for part in parts])
    else:
        _show(parts)
    raise typer.Exit(1 if any(part.needed for part in parts) else 0)


async def _parts(kubeconfig: Path | None, namespaces: list[str], home: str) -> list[Part]:
    async with await Cluster.connect(kubeconfig) as cluster:
        return await Survey(cluster, Registry.discover(), namespaces, home).parts(datetime.now(UTC))


def _show(parts: list[Part]) -> None:
    listing = table("STATE", "WHAT", "HOW IT IS", "REMEDY")
    for part in parts:
        state = f"[{_STYLES[part.state]}]{part.state}[/]"
        listing.add_row(state, escape_markup(part.what), escape_markup(part.told), escape_markup(part.remedy))
    print_trimmed(console(NO_WRAP_WIDTH), listing)
