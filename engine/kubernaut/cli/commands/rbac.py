"""`kubernaut rbac`: the rights that actions declare, as manifests, and beside what a cluster grants."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
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
    print_manifests,
    print_trimmed,
    table,
)
from kubernaut.cli.options import Kubeconfig, ManifestFormat, installed_action
from kubernaut.errors import InputError
from kubernaut.install import rbac
from kubernaut.install.rbac_drift import Finding, bound_namespaces, check_action
from kubernaut.install.rbac_explain import action_rights, engine_rights
from kubernaut.kube.client import Cluster
from kubernaut.plugins.registry import Action, Registry

rbac_app = typer.Typer(
    help="The rights that actions declare, as RBAC manifests and beside what a cluster grants.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Actions = Annotated[list[str] | None, typer.Argument(help="The actions; all installed ones by default.")]


@rbac_app.command()
def render(
    action: Actions = None,
    namespace: Annotated[
        list[str], typer.Option("-n", "--namespace", help="A namespace the action may work in; may be repeated.")
    ] = [],  # noqa: B006 - typer copies it
    engine: Annotated[bool, typer.Option("--engine", help="The engine's own rights instead.")] = False,
    output: ManifestFormat = "yaml",
) -> None:
    """Print ClusterRole, ServiceAccount and, for each -n, RoleBinding: pipe it into `kubectl apply -f -`."""
    if engine:
        print_manifests(rbac.engine_manifests(), output)
        return
    manifests = [m for one in _chosen(action) for m in rbac.action_manifests(one.name, one.spec, namespace)]
    print_manifests(manifests, output)


@rbac_app.command()
def explain(
    action: Actions = None,
    engine: Annotated[
        bool, typer.Option("--engine", help="The engine's own rights, and of actions those named.")
    ] = False,
    output: Output = Format.TABLE,
) -> None:
    """Say of each right who holds it, where, on what, and why; the engine's and every installed action's by default."""
    rights = engine_rights() if engine or not action else []
    if action or not engine:
        rights += [right for one in _chosen(action) for right in action_rights(one.name, one.spec)]
    if output is Format.JSON:
        print_json([asdict(right) for right in rights])
        return
    listing = table("IDENTITY", "WHERE", "MAY", "ON", "ONLY", "WHY")
    for right in rights:
        cells = (right.identity, right.where, right.verbs, right.resources, right.only or "any", right.why)
        listing.add_row(*map(escape_markup, cells))
    print_trimmed(console(NO_WRAP_WIDTH), listing)


@rbac_app.command()
def check(
    action: Actions = None,
    namespace: Annotated[
        list[str],
        typer.Option("-n", "--namespace", help="A namespace to look at; wherever the action is granted by default."),
    ] = [],  # noqa: B006 - typer copies it
    kubeconfig: Kubeconfig = None,
    output: Output = Format.TABLE,
) -> None:
    """Compare what a cluster grants with what actions declare: missing grants and over-grants; exit code 1 if there are any."""
    checked, findings = asyncio.run(_check(kubeconfig, _chosen(action), namespace))
    if output is Format.JSON:
        print_json([asdict(finding) for finding in findings])
    elif findings:
        listing = table("ACTION", "NAMESPACE", "FINDING", "RIGHT", "FROM, OR REMEDY")
        for found in findings:
            colour = "red" if found.kind == "missing" else "yellow"
            listing.add_row(
                found.action,
                found.namespace,
                f"[{colour}]{found.kind}[/]",
                escape_markup(found.right),
                escape_markup(found.source),
            )
        console().print(listing)
    else:
        console().print(f"[green]as declared:[/] {', '.join(checked)}")
    raise typer.Exit(1 if findings else 0)


def _chosen(names: list[str] | None) -> list[Action]:
    registry = Registry.discover()
    return [installed_action(name, registry) for name in names or sorted(registry.actions)]


async def _check(
    kubeconfig: Path | None, actions: list[Action], namespaces: list[str]
) -> tuple[list[str], list[Finding]]:
    checked: list[str] = []
    findings: list[Finding] = []
    async with await Cluster.connect(kubeconfig) as cluster:
        for action in actions:
            places = namespaces or await bound_namespaces(cluster, action.name, action.spec)
            checked += [f"{action.name} in {place}" for place in places]
            for place in places:
                findings += await check_action(cluster, action.name, action.spec, place)
    if not checked:
        raise InputError("none of these actions is granted anywhere: name a namespace with -n")
    return checked, findings
