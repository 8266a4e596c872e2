"""`patch-configmap`: its parameters, permissions and rollback."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

import kubernaut
from kubernaut import ActionSpec, ObjectName, Parameters, Problem, Result, Rollback, Rule, Target

HOOK_VERSION = 1

Key = Annotated[str, Field(max_length=253, pattern=r"^[-._a-zA-Z0-9]+$")]
"""A key of a ConfigMap."""


class PatchConfigMap(Parameters):
    """The ConfigMap, and the keys to set and to remove."""

    name: ObjectName
    set: dict[Key, str] = Field(default_factory=dict)
    """Keys to add or overwrite."""
    remove: tuple[Key, ...] = ()
    """Keys to remove; a key that does not exist is not an error."""


@kubernaut.hookimpl
def describe() -> ActionSpec:
    return ActionSpec(
        summary="Set or remove keys of one ConfigMap's data.",
        parameters=PatchConfigMap,
        target=lambda parameters: Target("ConfigMap", parameters.name, "v1/configmaps"),
        fields=lambda parameters: [f"data.{key}" for key in (*parameters.set, *parameters.remove)],
        service_account="configmap-patcher",
        rules=(
            Rule(
                resources=("configmaps",),
                verbs=("patch",),
                fields=("data",),
                why="set and remove keys; the dry run of an empty patch reads them",
            ),
        ),
        deadline=300,
        retry_safe=True,
        examples=({"name": "app-config", "set": {"LOG_LEVEL": "debug"}, "remove": ["FEATURE_X"]},),
    )


@kubernaut.hookimpl
def validate(execution: kubernaut.Execution) -> list[Problem]:
    parameters: PatchConfigMap = execution.parameters
    if not parameters.set and not parameters.remove:
        return [Problem("set", "there is nothing to do: name at least one key to set or to remove")]
    both = sorted(set(parameters.set) & set(parameters.remove))
    return [Problem("remove", f"{key} is also in set: name it in one of the two") for key in both]


@kubernaut.hookimpl
def build_job(execution: kubernaut.Execution) -> dict[str, Any]:
    return kubernaut.runner_job(execution, "kubernaut_patch_configmap.perform")


@kubernaut.hookimpl
def on_complete(execution: kubernaut.Execution, result: Result) -> Rollback | None:
    if not result.changes or result.truncated:
        return None
    keys = {change.field.removeprefix("data."): change.before for change in result.changes}
    undo: dict[str, Any] = {
        "name": execution.parameters.name,
        "set": {key: value for key, value in keys.items() if value is not None},
    }
    absent = [key for key, value in keys.items() if value is None]
    if absent:
        undo["remove"] = absent
    return Rollback(action=execution.action, parameters=undo)
