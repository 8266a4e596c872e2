"""`kubernaut actions`: the installed actions, or one of them in full."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.table import Table

from kubernaut.caller.action_reference import (
    action_json,
    attempts_phrase,
    field_type,
    installed_action,
    permission_phrases,
)
from kubernaut.caller.commands import execute_command
from kubernaut.cli import completion
from kubernaut.cli.console import (
    Format,
    Output,
    console,
    escape_markup,
    listing_console,
    print_json,
    print_trimmed,
    table,
)
from kubernaut.plugins.registry import Action, Registry


def actions(
    name: Annotated[str, typer.Argument(help="Show this one in full.", autocompletion=completion.actions)] = "",
    output: Output = Format.TABLE,
) -> None:
    """List the installed actions, or show one: its parameters, its permissions, an example."""
    registry = Registry.discover()
    if name:
        _show_action(installed_action(name, registry), output)
    elif output is Format.JSON:
        broken = sorted(registry.broken.items())
        unavailable = [{"name": key, "available": False, "error": str(error)} for key, error in broken]
        print_json([*(action_json(action) for _, action in sorted(registry.actions.items())), *unavailable])
    else:
        print_trimmed(listing_console(), actions_table(registry))


def actions_table(registry: Registry) -> Table:
    """Return a row per action, the broken ones last."""
    listing = table("ACTION", "SERVICE ACCOUNT", "PERMISSIONS", "SUMMARY")
    for name, action in sorted(registry.actions.items()):
        permissions = escape_markup("; ".join(permission_phrases(action.spec.rules)) or "none")
        listing.add_row(name, action.spec.service_account, permissions, escape_markup(action.spec.summary))
    for name, error in sorted(registry.broken.items()):
        listing.add_row(name, "", "[red]unavailable[/]", escape_markup(str(error)))
    return listing


def _fields_table(kind: str, schema: dict[str, Any]) -> Table:
    listing = table(kind, "TYPE", "REQUIRED", "DEFAULT", "MEANING")
    required = schema.get("required", [])
    for name, field in schema.get("properties", {}).items():
        type_ = escape_markup(field_type(field, schema.get("$defs", {})))
        default = escape_markup(json.dumps(field["default"], ensure_ascii=False)) if "default" in field else ""
        meaning = escape_markup(field.get("description", ""))
        listing.add_row(name, type_, "yes" if name in required else "", default, meaning)
    return listing


def _show_action(action: Action, output: Format) -> None:
    if output is Format.JSON:
        print_json(action_json(action))
        return
    out, spec = console(), action.spec
    allowed = "; ".join(permission_phrases(spec.rules)) or "nothing"
    out.print(f"[bold]{action.name}[/]  {escape_markup(spec.summary)}")
    out.print(f"from {action.distribution}; at most {spec.deadline} s, {attempts_phrase(spec)}")
    out.print(f"runs as ServiceAccount {spec.service_account}, which is allowed to: {escape_markup(allowed)}\n")
    out.print(_fields_table("PARAMETER", spec.parameters.model_json_schema()))
    settings = spec.settings.model_json_schema()
    if settings.get("properties"):
        out.print(_fields_table("\nSETTING", settings))
    for example in spec.examples[:1]:
        out.print(f"\nexample: {escape_markup(execute_command(action.name, 'production', example))}")
