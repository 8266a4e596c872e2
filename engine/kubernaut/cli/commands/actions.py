"""`kubernaut actions`: what is installed, and one action in full."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.table import Table

from kubernaut.cli import completion
from kubernaut.cli.console import (
    Format,
    Output,
    console,
    escape_markup,
    listing_console,
    print_json,
    print_table,
    table,
)
from kubernaut.cli.options import installed_action
from kubernaut.cli.parameters import as_pairs
from kubernaut.plugins.registry import Action, Registry


def actions(
    name: Annotated[str, typer.Argument(help="Show this one in full.", autocompletion=completion.actions)] = "",
    output: Output = Format.TABLE,
) -> None:
    """List the installed actions, or show one: its parameters, its rights, an example."""
    registry = Registry.discover()
    if name:
        _show_action(installed_action(name, registry), output)
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
        listing.add_row(key, "", "[red]unavailable[/]", escape_markup(str(error)))
    print_table(listing_console(), listing)


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
        default = escape_markup(json.dumps(one["default"], ensure_ascii=False)) if "default" in one else ""
        listing.add_row(
            field, type_, "yes" if field in required else "", default, escape_markup(one.get("description", ""))
        )
    return listing


def _show_action(action: Action, output: Format) -> None:
    row = _described(action)
    if output is Format.JSON:
        print_json(row)
        return
    out = console()
    out.print(f"[bold]{action.name}[/]  {escape_markup(row['summary'])}")
    out.print(f"from {action.distribution}; at most {row['deadlineSeconds']} s, {row['backoffLimit'] + 1} attempts")
    out.print(f"runs as ServiceAccount {row['serviceAccount']}, which may: {'; '.join(_rights(row)) or 'nothing'}\n")
    out.print(_fields("PARAMETER", row["parameters"]))
    if row["settings"].get("properties"):
        out.print(_fields("\nSETTING", row["settings"]))
    for example in row["examples"][:1]:
        words = " ".join(f"-p {pair}" for pair in as_pairs(example))
        out.print(f"\nexample: kubernaut execute {action.name} -n production {escape_markup(words)}")
