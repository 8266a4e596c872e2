"""Renders the configuration file with every field, its meaning and its default, from the settings models."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from typing import Any

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from kubernaut.plugins.registry import Registry
from kubernaut.settings import ActionSettings, BudgetSettings, LeaderElectionSettings, ResourceSettings, Settings

_WIDTH = 116
_SECTIONS: dict[str, type[BaseModel]] = {"budget": BudgetSettings, "leader_election": LeaderElectionSettings}


def commented_settings(registry: Registry) -> str:
    """Return a configuration file with all defaults; installed actions and policies are in it as comments, with their own settings."""
    lines = [
        "# The engine's configuration: `kubernaut controller --config FILE`. Fields that are left out have the values shown here.",
        "",
    ]
    for name, field in Settings.model_fields.items():
        lines += list(_comment(field))
        if name in {"actions", "policies"}:
            lines.append(f"{_key(name, field)}:")
            lines += list(_actions(registry) if name == "actions" else _policies(registry))
        elif name in _SECTIONS:
            lines += list(_section(_key(name, field), _SECTIONS[name], field.get_default(call_default_factory=True)))
        else:
            lines.append(f"{_key(name, field)}: {_value(field.get_default(call_default_factory=True))}")
        lines.append("")
    return "\n".join(lines)


def _section(key: str, model: type[BaseModel], default: BaseModel | None) -> Iterator[str]:
    """Yield a nested section, as a comment if it has no default."""
    mark = "" if default else "# "
    yield f"{mark}{key}:"
    for name, field in model.model_fields.items():
        yield from (f"  # {line}" for line in textwrap.wrap(field.description or "", _WIDTH))
        value = "(required)" if field.is_required() else _value(field.get_default())
        yield f"{mark}  {_key(name, field)}: {value}"


def _actions(registry: Registry) -> Iterator[str]:
    for name, action in sorted(registry.actions.items()):
        declared = {
            "deadline_seconds": action.spec.deadline,
            "backoff_limit": action.spec.backoff_limit,
            "cooldown_seconds": action.spec.cooldown,
            "image": "the engine's",
            "rehearsal": "initContainer",
        }
        yield f"  # {name}:"
        for key, field in ActionSettings.model_fields.items():
            if key == "resources":
                yield "  #   resources:"
                for part, inner in ResourceSettings.model_fields.items():
                    yield f"  #     {_key(part, inner)}: {_value(getattr(action.spec.resources, part))}"
            elif key == "settings":
                yield from (f"  #   {line}" for line in _plugin_settings(action.spec.settings))
            else:
                default = declared.get(key, field.get_default())
                yield f"  #   {_key(key, field)}: {_value(default)}"


def _policies(registry: Registry) -> Iterator[str]:
    for policy in sorted(registry.policies, key=lambda p: p.name):
        yield f"  # {policy.name}:  # {policy.spec.summary}"
        for name, field in policy.spec.settings.model_fields.items():
            yield f"  #   {name}: {_value(field.get_default(call_default_factory=True))}"


def _plugin_settings(model: type[BaseModel]) -> Iterator[str]:
    if model.model_fields:
        yield "settings:"
    for name, field in model.model_fields.items():
        yield f"  {name}: {'(required)' if field.is_required() else _value(field.get_default(call_default_factory=True))}"


def _comment(field: FieldInfo) -> Iterator[str]:
    yield from (f"# {line}" for line in textwrap.wrap(field.description or "", _WIDTH))


def _key(name: str, field: FieldInfo) -> str:
    return field.alias or name


def _value(value: Any) -> str:
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json", by_alias=True)
    return value if isinstance(value, str) and _is_plain(value) else json.dumps(value, ensure_ascii=False)


def _is_plain(text: str) -> bool:
    """Whether YAML reads the text as itself without quotes."""
    try:
        return "\n" not in text and bool(yaml.safe_load(f"- {text}") == [text])
    except yaml.YAMLError:
        return False
