"""Applies the admin's configuration to what plugins declare; the engine works with the resulting registry."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ValidationError

from kubernaut.api.steps import Rehearsal
from kubernaut.errors import InputError, PluginLoadError
from kubernaut.plugins.registry import Action, Policy, Registry
from kubernaut.settings import ActionSettings, Settings
from kubernaut.validation_errors import format_validation_error

log = logging.getLogger(__name__)


def apply_settings(registry: Registry, settings: Settings) -> Registry:
    """Return the registry with these settings applied.

    Settings of an action that is not installed are logged and have no other effect, so that an action can be removed before its settings
    are. Raises InputError for settings of a policy that is not installed, because executions would be allowed that it denies, and for
    those that the plugin's own model rejects. A plugin that lacks required settings becomes unavailable, with an error that names them.
    """
    for text in _unknown("actions", settings.actions, {*registry.actions, *registry.broken}):
        log.warning("%s; these settings have no effect", text)
    for text in _unknown("policies", settings.policies, {*(p.name for p in registry.policies), *registry.broken}):
        raise InputError(text)
    actions: dict[str, Action] = {}
    policies: list[Policy] = []
    broken = dict(registry.broken)
    for name, action in registry.actions.items():
        try:
            actions[name] = _action(action, settings.actions.get(name, ActionSettings()), settings.rehearsal)
        except PluginLoadError as error:
            broken[name] = error
    for policy in registry.policies:
        try:
            given = settings.policies.get(policy.name, {})
            policies.append(replace(policy, settings=_validate(policy.spec.settings, given, f"policies.{policy.name}")))
        except PluginLoadError as error:
            broken[policy.name] = error
    stopped = registry.broken_policies | ({p.name for p in registry.policies} - {p.name for p in policies})
    return Registry(actions, tuple(policies), broken, stopped)


def _unknown(section: str, named: Iterable[str], known: set[str]) -> Iterator[str]:
    """Return what is wrong with each name that is not known."""
    installed = ", ".join(sorted(known)) or "none"
    for name in named:
        if name not in known:
            yield f"configuration: {section}.{name}: no plugin of this name is installed; installed: {installed}"


def _action(action: Action, given: ActionSettings, rehearsal: Rehearsal) -> Action:
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
    valid = _validate(action.spec.settings, given.settings, f"{where}.settings")
    return replace(
        action,
        spec=action.spec.model_copy(update=changes),
        settings=valid,
        image=given.image,
        rehearsal=_rehearsal(action, given.rehearsal, rehearsal),
        job=given.job,
        pod=given.pod,
    )


def _rehearsal(action: Action, wanted: Rehearsal | None, default: Rehearsal) -> Rehearsal:
    """Return where the action's dry run takes place. Raises InputError if the admin asks this action for what it cannot do."""
    if action.spec.inline_rehearsal:
        return wanted or default
    if wanted == "inline":
        raise InputError(
            f"configuration: actions.{action.name}.rehearsal: its plugin cannot rehearse inline: use initContainer, or leave it out"
        )
    return "initContainer"


def _validate(model: type[BaseModel], given: Mapping[str, Any], where: str) -> BaseModel:
    """Return the plugin's settings.

    Raises InputError where given settings are wrong, and PluginLoadError where required ones are not given.
    """
    try:
        return model.model_validate(given)
    except ValidationError as error:
        message = f"configuration: {format_validation_error(error, where, 'setting')}"
        if given:
            raise InputError(message) from error
        raise PluginLoadError(f"{message}; set it in the engine's configuration") from error
