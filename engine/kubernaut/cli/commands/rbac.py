"""`kubernaut rbac`: the permissions that actions declare, as manifests, in words, and compared with what a cluster grants."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from kubernaut.caller.action_reference import installed_action
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
from kubernaut.cli.exit_codes import ExitCode
from kubernaut.cli.options import Context, Kubeconfig, ManifestFormat
from kubernaut.cli.place import Place
from kubernaut.errors import InputError
from kubernaut.install.admission import admission_manifests
from kubernaut.install.guards import guard_manifests
from kubernaut.install.rbac import action_manifests, engine_manifests
from kubernaut.install.rbac_drift import (
    Finding,
    FindingKind,
    bound_namespaces,
    check_action,
    check_guard,
    check_uninstalled,
)
from kubernaut.install.rbac_explain import (
    PermissionRow,
    action_permissions,
    engine_permissions,
    markdown_table,
    replace_between_markers,
)
from kubernaut.plugins.registry import Action, Registry

rbac_app = typer.Typer(
    help="The permissions that actions declare, as RBAC manifests and compared with what a cluster grants.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
_INSUFFICIENT = {FindingKind.MISSING, FindingKind.NO_GUARD, FindingKind.GUARD_DIFFERS}
Actions = Annotated[list[str] | None, typer.Argument(help="The actions; all installed ones by default.")]


@rbac_app.command()
def render(
    action: Actions = None,
    namespace: Annotated[
        list[str], typer.Option("-n", "--namespace", help="A namespace for the action to work in; can be repeated.")
    ] = [],  # noqa: B006 - typer copies it
    engine: Annotated[bool, typer.Option("--engine", help="The engine's own permissions instead.")] = False,
    admission: Annotated[
        bool,
        typer.Option(
            "--admission", help="The admission policies for the installed actions, and a role per action to run it."
        ),
    ] = False,
    guard: Annotated[
        bool,
        typer.Option(
            "--guard",
            help="The admission policies that hold the actions' accounts to their fields and conditions instead.",
        ),
    ] = False,
    no_stamp: Annotated[
        bool,
        typer.Option("--no-stamp", help="Without the policy that writes the requester, which takes Kubernetes 1.36."),
    ] = False,
    output: ManifestFormat = "yaml",
) -> None:
    """Print ClusterRole, ServiceAccount and, for each -n, RoleBinding: pipe it into `kubectl apply -f -`."""
    if engine:
        print_manifests(engine_manifests(), output)
        return
    if admission:
        print_manifests(admission_manifests(Registry.discover(), stamp=not no_stamp), output)
        return
    if guard:
        _print_guards(_select(action), output)
        return
    manifests = [m for one in _select(action) for m in action_manifests(one.name, one.spec, namespace)]
    print_manifests(manifests, output)


@rbac_app.command()
def explain(
    action: Actions = None,
    engine: Annotated[
        bool, typer.Option("--engine", help="The engine's own permissions, and of actions only those named.")
    ] = False,
    into: Annotated[
        Path | None, typer.Option(help="Write a Markdown table between the markers in this file instead.")
    ] = None,
    output: Output = Format.TABLE,
) -> None:
    """Show each permission: who holds it, where, on what, and why; the engine's and every installed action's by default."""
    rows = engine_permissions() if engine or not action else []
    if action or not engine:
        rows += [row for one in _select(action) for row in action_permissions(one.name, one.spec)]
    if into:
        _write_into(into, rows)
    elif output is Format.JSON:
        print_json([asdict(row) for row in rows])
    else:
        print_trimmed(console(NO_WRAP_WIDTH), permissions_table(rows))


@rbac_app.command()
def check(
    action: Actions = None,
    namespace: Annotated[
        list[str],
        typer.Option("-n", "--namespace", help="A namespace to check; wherever the action is granted by default."),
    ] = [],  # noqa: B006 - typer copies it
    kubeconfig: Kubeconfig = None,
    context: Context = "",
    output: Output = Format.TABLE,
) -> None:
    """Compare what a cluster grants with what actions declare; exit code 1 if anything differs.

    It finds what is missing, what is granted beyond that, guards that are missing or differ and, if no action is named, what is
    left of actions that are not installed.
    """
    checked, findings = asyncio.run(_check(Place(kubeconfig, context), action or [], namespace))
    if output is Format.JSON:
        print_json([asdict(finding) for finding in findings])
    elif findings:
        print_trimmed(console(NO_WRAP_WIDTH), findings_table(findings))
    else:
        console().print(f"[green]as declared:[/] {', '.join(checked)}")
    raise typer.Exit(ExitCode.FAILED if findings else ExitCode.DONE)


def _print_guards(actions: list[Action], output: str) -> None:
    manifests = [m for one in actions for m in guard_manifests(one.name, one.spec)]
    if not manifests:
        names = ", ".join(one.name for one in actions)
        raise InputError(f"{names}: no rule has fields or a condition, so there is nothing for a guard to enforce")
    print_manifests(manifests, output)


def permissions_table(rows: Iterable[PermissionRow]) -> Table:
    """Return a row per rule."""
    listing = table("IDENTITY", "WHERE", "ALLOWED TO", "ON", "ONLY", "FIELDS AND CONDITIONS", "WHY")
    for row in rows:
        cells = (row.identity, row.where, row.verbs, row.resources, row.only or "any", row.limit, row.why)
        listing.add_row(*map(escape_markup, cells))
    return listing


def findings_table(findings: Iterable[Finding]) -> Table:
    """Return a row per finding."""
    listing = table("ACTION", "NAMESPACE", "FINDING", "PERMISSION", "FROM, OR REMEDY")
    for found in findings:
        kind = f"[{'red' if found.kind in _INSUFFICIENT else 'yellow'}]{found.kind}[/]"
        permission, source = escape_markup(found.permission), escape_markup(found.source)
        listing.add_row(found.action, found.namespace or "all", kind, permission, source)
    return listing


def _write_into(file: Path, rows: Iterable[PermissionRow]) -> None:
    try:
        text = file.read_text("utf-8")
        file.write_text(replace_between_markers(text, markdown_table(rows)), "utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"--into {file}: cannot be read and written as text: {error}") from error


def _select(names: list[str] | None) -> list[Action]:
    registry = Registry.discover()
    return [installed_action(name, registry) for name in names or sorted(registry.actions)]


async def _check(place: Place, names: list[str], namespaces: list[str]) -> tuple[list[str], list[Finding]]:
    checked: list[str] = []
    findings: list[Finding] = []
    registry = Registry.discover()
    async with await place.connect() as cluster:
        for action in _select(names):
            wanted = namespaces or await bound_namespaces(cluster, action.name, action.spec)
            checked += [f"{action.name} in {namespace}" for namespace in wanted]
            for namespace in wanted:
                findings += await check_action(cluster, action.name, action.spec, namespace)
            if wanted:
                findings += await check_guard(cluster, action.name, action.spec)
        if not names:
            findings += await check_uninstalled(cluster, {*registry.actions, *registry.broken}, namespaces)
    if not checked and not findings:
        raise InputError("none of these actions is granted anywhere: name a namespace with -n")
    return checked, findings
