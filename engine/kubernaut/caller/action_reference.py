"""What an action declares, in words and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kubernaut.api.plugin import ActionSpec
from kubernaut.api.rules import Rule
from kubernaut.errors import InputError
from kubernaut.plugins.registry import Action, Registry
from kubernaut.runbooks.references import did_you_mean
from kubernaut.validation_errors import brief


def installed_action(name: str, registry: Registry) -> Action:
    """Return the action of this name. Raises InputError if it is broken or not installed."""
    if name in registry.actions:
        return registry.actions[name]
    if name in registry.broken:
        raise InputError(str(registry.broken[name]))
    installed = ", ".join(sorted(registry.actions)) or "none"
    hint = did_you_mean(name, registry.actions)
    raise InputError(f"action {brief(name)} is not installed{hint}; installed: {installed}")


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
