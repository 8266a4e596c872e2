"""Checks a runbook without a cluster: against itself, and against the actions that are installed here.

Parameters of a step are checked by the action's own model. Where they depend on a parameter of the runbook, its default stands in; where
that has none, only what holds for every value is an error: a type that does not fit, a name that does not exist, one that is missing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import ValidationError

from kubernaut.api.runbook import ALERT_SUFFIX_LENGTH, ParameterType, RunbookSpec, Step
from kubernaut.errors import InputError
from kubernaut.plugins.registry import Action, Registry
from kubernaut.runbooks.alert_arguments import argument_problems
from kubernaut.runbooks.expansion import name_problems, runbook_problems
from kubernaut.runbooks.references import Path, Substitution, did_you_mean, references
from kubernaut.runbooks.steps import Problem
from kubernaut.validation_errors import format_error_details

_SAMPLES = {ParameterType.STRING: "x", ParameterType.INTEGER: 1, ParameterType.NUMBER: 1.5, ParameterType.BOOLEAN: True}
"""A value of each type, for parameters without a default."""


class Severity(StrEnum):
    """Whether a finding keeps the runbook from being run."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found."""

    severity: Severity
    field: str
    message: str


def check_runbook(name: str, spec: RunbookSpec, registry: Registry) -> list[Finding]:
    """Return what is wrong with a runbook of this name, the errors first."""
    problems = runbook_problems(name, spec)
    errors = [*problems, *(problem for step in spec.steps for problem in _action_problems(step, spec, registry))]
    errors += _alert_problems(name, spec)
    unique = dict.fromkeys(Finding(Severity.ERROR, problem.field, problem.message) for problem in errors)
    return [*unique, *_unused_parameters(spec)]


def parameter_problem(action: Action, parameters: Mapping[str, Any]) -> str:
    """Return why an action's model refuses these parameters, as an engine would, or ""."""
    return format_error_details(_errors(action, parameters), "", "parameter of this action", _names(action))


def _action_problems(step: Step, spec: RunbookSpec, registry: Registry) -> Iterator[Problem]:
    at = f"steps.{step.name}"
    if step.action in registry.broken:
        yield Problem(f"{at}.action", str(registry.broken[step.action]))
    elif step.action not in registry.actions:
        installed = ", ".join(sorted(registry.actions)) or "none"
        hint = did_you_mean(step.action, registry.actions)
        yield Problem(f"{at}.action", f"action {step.action} is not installed{hint or '.'} Installed: {installed}")
    elif not step.undoes:
        yield from _parameter_problems(step, spec, registry.actions[step.action])


def _parameter_problems(step: Step, spec: RunbookSpec, action: Action) -> Iterator[Problem]:
    declared = spec.parameters
    found = list(references(step.parameters))
    if any(name not in declared for _, name in found):
        return  # reported by itself
    values = {name: _SAMPLES[one.type] if one.is_required else one.default for name, one in declared.items()}
    open_paths = {path for path, name in found if declared[name].is_required}
    try:
        parameters = Substitution(values).apply(step.parameters)
    except InputError as error:
        yield Problem(f"steps.{step.name}.parameters", str(error))
        return
    details = [detail for detail in _errors(action, parameters) if _is_certain(detail, open_paths)]
    if details:
        text = format_error_details(details, "parameters", "parameter of this action", _names(action))
        yield Problem(f"steps.{step.name}", text)


def _errors(action: Action, parameters: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    try:
        action.spec.parameters.model_validate_json(json.dumps(parameters), strict=True)
    except ValidationError as error:
        return list(error.errors(include_url=False))
    except Exception as error:  # noqa: BLE001 - a plugin's own validator may raise anything
        return [
            {"type": "plugin", "loc": (), "msg": f"the model raised {type(error).__name__}: {error}", "input": None}
        ]
    return []


def _is_certain(detail: Mapping[str, Any], open_paths: set[Path]) -> bool:
    """Return whether an error holds for every value at these places."""
    place = tuple(detail["loc"])
    if place in open_paths:
        return str(detail["type"]).endswith("_type")
    return not any(path[: len(place)] == place or place[: len(path)] == path for path in open_paths)


def _names(action: Action) -> list[str]:
    return list(action.spec.parameters.model_fields)


def _alert_problems(runbook: str, spec: RunbookSpec) -> Iterator[Problem]:
    """Yield what keeps an alert from beginning a run: names that are too long, and parameters that it does not give or cannot."""
    if spec.alerts:
        yield from name_problems(runbook, spec, ALERT_SUFFIX_LENGTH)
    for index, alert in enumerate(spec.alerts):
        at = f"alerts[{index}].arguments"
        for name in alert.arguments:
            if name not in spec.parameters:
                yield Problem(at, f"there is no parameter {name[:63]}{did_you_mean(name, spec.parameters)}")
        for name, parameter in spec.parameters.items():
            if parameter.is_required and name not in alert.arguments:
                yield Problem(at, f"parameter {name} is required, and nothing gives it")
        yield from (
            Problem(f"{at}.{name[:63]}", message) for name, message in argument_problems(spec.parameters, alert)
        )


def _unused_parameters(spec: RunbookSpec) -> Iterator[Finding]:
    used = {name for step in spec.steps for _, name in references(step.parameters)}
    for name in spec.parameters:
        if name not in used:
            yield Finding(Severity.WARNING, f"parameters.{name}", "no step uses it")
