"""`kubernaut actions`: the installed actions, or one of them in full."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import typer
from rich.table import Table

from kubernaut.api.plugin import ActionSpec
from kubernaut.api.rules import Rule
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
from kubernaut.cli.options import installed_action
from kubernaut.cli.views.summary import execute_command
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


def action_json(action: Action) -> dict[str, Any]:
    """Return everything that an action declares."""
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
        "inlineRehearsal": spec.inline_rehearsal,
        "parameters": spec.parameters.model_json_schema(),
        "settings": spec.settings.model_json_schema(),
        "examples": list(spec.examples),
    }


def permission_phrases(rules: Iterable[Rule]) -> list[str]:
    """Return each rule as `kubectl auth can-i` takes it, `get deployments.apps`, and the fields and conditions that its guard enforces."""
    phrases = []
    for rule in rules:
        group = f".{rule.api_group}" if rule.api_group else ""
        parts = (resource.partition("/") for resource in rule.resources)
        resources = ", ".join(f"{plural}{group}{slash}{subresource}" for plural, slash, subresource in parts)
        limit = "".join(
            (
                f" ({', '.join(rule.fields)})" if rule.fields else "",
                f" where {rule.condition}" if rule.condition else "",
            )
        )
        phrases.append(f"{', '.join(rule.verbs)} {resources}{limit}")
    return phrases


def field_type(field: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    """Return the type of a field of a JSON schema in few words: `integer`, `Deployment | StatefulSet`, `list of string`."""
    if reference := field.get("$ref"):
        return field_type(definitions[reference.rpartition("/")[2]], definitions)
    if choices := field.get("enum") or ([field["const"]] if "const" in field else []):
        return " | ".join(map(str, choices))
    if variants := field.get("anyOf") or field.get("oneOf"):
        kinds = (field_type(variant, definitions) for variant in variants if variant.get("type") != "null")
        return " | ".join(dict.fromkeys(kinds))
    if field.get("type") == "array":
        return f"list of {field_type(field.get('items', {}), definitions)}"
    if field.get("type") == "object" and isinstance(values := field.get("additionalProperties"), dict):
        return f"map to {field_type(values, definitions)}"
    return str(field.get("type", "any"))


def attempts_phrase(spec: ActionSpec) -> str:
    """Return how often the action is attempted."""
    attempts = spec.backoff_limit + 1
    if attempts == 1 or spec.retry_safe:
        return f"{attempts} attempt{'s' if attempts > 1 else ''}"
    return f"{attempts} attempts, and none after one that may have changed something"


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
