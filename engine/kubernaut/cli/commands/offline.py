"""Commands that need no cluster: what is installed, and what would be created."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from kubernaut.admission.decisions import Rejected
from kubernaut.admission.policies import PolicyChecker
from kubernaut.admission.validation import Validator
from kubernaut.api import crd as crds
from kubernaut.api.execution import ExecutionSpec
from kubernaut.api.view import ExecutionView
from kubernaut.cli import completion
from kubernaut.cli.config_reference import commented_settings
from kubernaut.cli.console import (
    Format,
    Output,
    console,
    listing_console,
    plain,
    print_json,
    print_manifests,
    show,
    table,
)
from kubernaut.cli.options import (
    ActionName,
    Configuration,
    Image,
    ManifestFormat,
    Namespace,
    Parameter,
    ParameterFile,
    read_settings,
)
from kubernaut.cli.parameters import as_pairs, read_parameters
from kubernaut.controller.launcher import build_job
from kubernaut.errors import InputError
from kubernaut.plugins.hook_caller import HookCaller
from kubernaut.plugins.overrides import apply_settings
from kubernaut.plugins.registry import Action, Registry
from kubernaut.scaffold import scaffold
from kubernaut.settings import Settings

_NO_UID = "00000000-0000-0000-0000-000000000000"


def add_to(app: typer.Typer) -> None:
    """Register these commands."""
    app.command()(actions)
    app.command()(render)
    app.command()(crd)
    app.command()(new_action)
    app.command()(configuration)


def installed(name: str, registry: Registry) -> Action:
    """The action of this name; raises InputError saying why there is none."""
    if name in registry.actions:
        return registry.actions[name]
    if name in registry.broken:
        raise InputError(str(registry.broken[name]))
    raise InputError(f"action {name!r} is not installed; installed: {', '.join(sorted(registry.actions)) or 'none'}")


def actions(
    name: Annotated[str, typer.Argument(help="Show this one in full.", autocompletion=completion.actions)] = "",
    output: Output = Format.TABLE,
) -> None:
    """List the installed actions, or show one: its parameters, its rights, an example."""
    registry = Registry.discover()
    if name:
        _show_action(installed(name, registry), output)
        return
    rows = [_described(action) for _, action in sorted(registry.actions.items())]
    broken = [{"name": key, "available": False, "error": str(error)} for key, error in sorted(registry.broken.items())]
    if output is Format.JSON:
        print_json([*rows, *broken])
        return
    listing = table("ACTION", "SERVICE ACCOUNT", "RIGHTS", "SUMMARY")
    for row in rows:
        listing.add_row(row["name"], row["serviceAccount"], "; ".join(_rights(row)) or "none", row["summary"])
    for key, error in sorted(registry.broken.items()):
        listing.add_row(key, "", "[red]unavailable[/]", plain(str(error)))
    show(listing_console(), listing)


def render(
    action: ActionName,
    namespace: Namespace = "default",
    parameter: Parameter = [],  # noqa: B006 - typer copies it
    file: ParameterFile = None,
    name: Annotated[str, typer.Option(help="The execution's name.")] = "example",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="The Job of an execution that stops after the dry run.")
    ] = False,
    config: Configuration = None,
    image: Image = None,
    output: ManifestFormat = "yaml",
) -> None:
    """Print the Job that an execution would become, without any cluster."""
    settings = read_settings(config, image)
    registry = apply_settings(Registry.discover(), settings)
    spec = installed(action, registry).spec
    parameters = read_parameters(parameter, file, spec.parameters)
    wanted = ExecutionSpec(action=action, parameters=parameters, dry_run=dry_run)
    metadata = {"name": name, "namespace": namespace, "uid": _NO_UID}
    obj = {"metadata": metadata, "spec": wanted.model_dump(by_alias=True, exclude_none=True)}
    print_manifests([asyncio.run(_job(registry, settings, obj))], output)


def new_action(
    name: Annotated[str, typer.Argument(help="The action's name, such as note-deployment.")],
    folder: Annotated[Path, typer.Option("--in", help="Where to put the new folder.")] = Path(),
) -> None:
    """Write a complete plugin: it installs, passes its own tests and runs in the sandbox as it stands."""
    out = console()
    for file in scaffold(name, folder):
        out.print(plain(str(file)))
    out.print(f"\nnext: pip install -e 'kubernaut-{name}[test]' && pytest kubernaut-{name}", markup=False)


def configuration() -> None:
    """Print a configuration file with every field, its meaning and its default."""
    print(commented_settings(Registry.discover()), end="")  # noqa: T201 - a file, not prose


def crd(output: ManifestFormat = "yaml") -> None:
    """Print the CustomResourceDefinition of KubernetesExecution."""
    print_manifests([crds.crd()], output)


async def _job(registry: Registry, settings: Settings, obj: dict[str, Any]) -> dict[str, Any]:
    hooks = HookCaller(settings.hook_limit_seconds)
    validator = Validator(registry, hooks, settings.image, PolicyChecker(registry, hooks))
    decision = await validator.validate(ExecutionView(obj))
    if isinstance(decision, Rejected):
        raise InputError(decision.message)
    return await build_job(hooks, decision)


def _described(action: Action) -> dict[str, Any]:
    spec = action.spec
    return {
        "name": action.name,
        "summary": spec.summary,
        "distribution": action.distribution,
        "available": True,
        "serviceAccount": spec.service_account,
        "rules": [rule.model_dump() for rule in spec.rules],
        "resources": spec.resources.manifest(),
        "deadlineSeconds": spec.deadline,
        "backoffLimit": spec.backoff_limit,
        "retrySafe": spec.retry_safe,
        "parameters": spec.parameters.model_json_schema(),
        "settings": spec.settings.model_json_schema(),
        "examples": list(spec.examples),
    }


def _rights(row: dict[str, Any]) -> list[str]:
    """`get deployments.apps`, as `kubectl auth can-i` takes it."""
    told = []
    for rule in row["rules"]:
        group = f".{rule['api_group']}" if rule["api_group"] else ""
        places = (resource.partition("/") for resource in rule["resources"])
        told.append(
            f"{', '.join(rule['verbs'])} {', '.join(f'{name}{group}{slash}{sub}' for name, slash, sub in places)}"
        )
    return told


def _fields(kind: str, schema: dict[str, Any]) -> Table:
    listing = table(kind, "TYPE", "REQUIRED", "DEFAULT", "MEANING")
    required = schema.get("required", [])
    for field, one in schema.get("properties", {}).items():
        type_ = " | ".join(map(str, one.get("enum", []))) or one.get("type", "any")
        default = plain(json.dumps(one["default"], ensure_ascii=False)) if "default" in one else ""
        listing.add_row(field, type_, "yes" if field in required else "", default, plain(one.get("description", "")))
    return listing


def _show_action(action: Action, output: Format) -> None:
    row = _described(action)
    if output is Format.JSON:
        print_json(row)
        return
    out = console()
    out.print(f"[bold]{action.name}[/]  {plain(row['summary'])}")
    out.print(f"from {action.distribution}; at most {row['deadlineSeconds']} s, {row['backoffLimit'] + 1} attempts")
    out.print(f"runs as ServiceAccount {row['serviceAccount']}, which may: {'; '.join(_rights(row)) or 'nothing'}\n")
    out.print(_fields("PARAMETER", row["parameters"]))
    if row["settings"].get("properties"):
        out.print(_fields("\nSETTING", row["settings"]))
    for example in row["examples"][:1]:
        words = " ".join(f"-p {pair}" for pair in as_pairs(example))
        out.print(f"\nexample: kubernaut execute {action.name} -n production {plain(words)}")
