"""Lays the admin's configuration over what plugins declare: the registry that comes out is what the engine works with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ValidationError

from kubernaut.errors import InputError, PluginLoadError
from kubernaut.plugins.registry import Action, Policy, Registry
from kubernaut.settings import ActionSettings, Settings
from kubernaut.validation_errors import told_faults


def configured(registry: Registry, settings: Settings) -> Registry:
    """The registry under these settings.

    Raises InputError for a setting of a plugin that is not there, and for one that the plugin's own model refuses. A plugin that cannot
    work without settings which nobody gave is unavailable, and says which.
    """
    _expect_known("actions", settings.actions, {*registry.actions, *registry.broken})
    _expect_known("policies", settings.policies, {*(p.name for p in registry.policies), *registry.broken})
    actions: dict[str, Action] = {}
    policies: list[Policy] = []
    broken = dict(registry.broken)
    for name, action in registry.actions.items():
        try:
            actions[name] = _action(action, settings.actions.get(name, ActionSettings()))
        except PluginLoadError as error:
            broken[name] = error
    for policy in registry.policies:
        try:
            given = settings.policies.get(policy.name, {})
            policies.append(replace(policy, settings=_checked(policy.spec.settings, given, f"policies.{policy.name}")))
        except PluginLoadError as error:
            broken[policy.name] = error
    stopped = registry.broken_policies | ({p.name for p in registry.policies} - {p.name for p in policies})
    return Registry(actions, tuple(policies), broken, stopped)


def _expect_known(section: str, named: Iterable[str], known: set[str]) -> None:
    for name in named:
        if name not in known:
            installed = ", ".join(sorted(known)) or "none"
            raise InputError(
                f"configuration: {section}.{name}: nothing of this name is installed; installed: {installed}"
            )


def _action(action: Action, given: ActionSettings) -> Action:
    where = f"actions.{action.name}"
    if not given.enabled:
        raise PluginLoadError(f"action {action.name} is switched off in the engine's configuration ({where}.enabled)")
    changes: dict[str, Any] = {}
    if given.deadline_seconds is not None:
        changes["deadline"] = given.deadline_seconds
    if given.backoff_limit is not None:
        changes["backoff_limit"] = given.backoff_limit
    if given.cooldown_seconds is not None:
        changes["cooldown"] = given.cooldown_seconds
    changes["resources"] = action.spec.resources.model_copy(update=given.resources.model_dump(exclude_none=True))
    checked = _checked(action.spec.settings, given.settings, f"{where}.settings")
    return replace(action, spec=action.spec.model_copy(update=changes), settings=checked, image=given.image)


def _checked(model: type[BaseModel], given: Mapping[str, Any], where: str) -> BaseModel:
    """The plugin's own settings. Nobody's fault is the plugin's alone; somebody's is the configuration's."""
    try:
        return model.model_validate(given)
    except ValidationError as error:
        told = f"configuration: {told_faults(error, where, 'setting')}"
        if given:
            raise InputError(told) from error
        raise PluginLoadError(f"{told}; set it in the engine's configuration") from error
