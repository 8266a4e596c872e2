"""`scale`: its parameters, settings, permissions and rollback."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

import kubernaut
from kubernaut import ActionSpec, ObjectName, Parameters, Problem, Result, Rollback, Rule, Target

HOOK_VERSION = 1
REPLICAS = "spec.replicas"
RESOURCES = {"Deployment": "apps/v1/deployments", "StatefulSet": "apps/v1/statefulsets"}


class Scale(Parameters):
    """The workload, and the number of replicas to set."""

    kind: Literal["Deployment", "StatefulSet"] = "Deployment"
    name: ObjectName
    replicas: Annotated[int, Field(ge=0)]
    wait: bool = True
    """Wait until that many replicas are ready."""


class ScaleSettings(Parameters):
    """The settings that the cluster's admin decides."""

    max_replicas: Annotated[int, Field(ge=0)] = 1000
    """The most replicas that an execution can request."""


@kubernaut.hookimpl
def describe() -> ActionSpec:
    return ActionSpec(
        summary="Set the replicas of a Deployment or StatefulSet, and wait until they are ready.",
        parameters=Scale,
        target=lambda parameters: Target(parameters.kind, parameters.name, RESOURCES[parameters.kind]),
        fields=lambda _: (REPLICAS,),
        service_account="deployment-scaler",
        rules=(
            Rule(
                api_group="apps",
                resources=("deployments", "statefulsets"),
                verbs=("get",),
                why="read the workload until its replicas are ready",
            ),
            Rule(
                api_group="apps",
                resources=("deployments/scale", "statefulsets/scale"),
                verbs=("patch",),
                fields=(REPLICAS,),
                why="set the replicas, and no other field of the workload",
            ),
            Rule(
                resources=("pods",),
                verbs=("list",),
                why="find out why its pods do not become ready: an image, a crash, no node",
            ),
        ),
        deadline=600,
        retry_safe=True,
        settings=ScaleSettings,
        examples=({"name": "web", "replicas": 3}, {"kind": "StatefulSet", "name": "db", "replicas": 2}),
    )


@kubernaut.hookimpl
def validate(execution: kubernaut.Execution) -> list[Problem]:
    limit = execution.settings.max_replicas
    if execution.parameters.replicas > limit:
        return [
            Problem(
                "replicas",
                f"{execution.parameters.replicas} exceeds the maximum of {limit} in this cluster's settings (max_replicas)",
            )
        ]
    return []


@kubernaut.hookimpl
def build_job(execution: kubernaut.Execution) -> dict[str, Any]:
    return kubernaut.runner_job(execution, "kubernaut_scale.perform")


@kubernaut.hookimpl
def on_complete(execution: kubernaut.Execution, result: Result) -> Rollback | None:
    before = next((change.before for change in result.changes if change.field == REPLICAS), None)
    if before is None or result.truncated:
        return None
    parameters = execution.parameters.model_dump(mode="json")
    return Rollback(action=execution.action, parameters={**parameters, "replicas": before})
