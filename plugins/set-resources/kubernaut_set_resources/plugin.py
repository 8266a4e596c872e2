"""`set-resources`: its parameters, settings, permissions and rollback."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

import kubernaut
from kubernaut import ActionSpec, Label, ObjectName, Parameters, Problem, Quantity, Result, Rollback, Rule, Target

HOOK_VERSION = 1
RESOURCES = {"Deployment": "apps/v1/deployments", "StatefulSet": "apps/v1/statefulsets"}
CONTAINER = "spec.template.spec.containers[*].resources"


def _positive(value: Quantity) -> Quantity:
    if value.nano <= 0:
        raise ValueError("it must be more than zero")
    return value


Amount = Annotated[Quantity, AfterValidator(_positive)]
Amounts = dict[Literal["cpu", "memory"], Amount]
Removed = Literal["requests.cpu", "requests.memory", "limits.cpu", "limits.memory"]


class SetResources(Parameters):
    """The container, and the requests and limits to set and to remove; what is left out stays as it is."""

    kind: Literal["Deployment", "StatefulSet"] = "Deployment"
    name: ObjectName
    container: Label
    requests: Amounts = Field(default_factory=dict)
    """What the scheduler reserves: `cpu`, `memory` or both."""
    limits: Amounts = Field(default_factory=dict)
    """What the container cannot exceed: `cpu`, `memory` or both."""
    remove: tuple[Removed, ...] = ()
    """Requests and limits to remove, such as `limits.cpu`."""
    allowDecrease: bool = False  # noqa: N815 - as Kubernetes writes fields
    """Allow an amount that is smaller than the present one, a limit where there is none, and the removal of a request."""
    wait: bool = True
    """Wait until every pod has the resources and is available."""

    @model_validator(mode="after")
    def _request_within_limit(self) -> SetResources:
        for resource, request in self.requests.items():
            limit = self.limits.get(resource)
            if limit is not None and request > limit:
                raise ValueError(f"requests.{resource} is {request}, more than limits.{resource}, which is {limit}")
        return self


class SetResourcesSettings(Parameters):
    """The settings that the cluster's admin decides."""

    max_cpu: Amount | None = None
    """The largest amount of CPU that an execution can request."""
    max_memory: Amount | None = None
    """The largest amount of memory that an execution can request."""


@kubernaut.hookimpl
def describe() -> ActionSpec:
    return ActionSpec(
        summary="Set requests and limits of one container of a Deployment or StatefulSet, and wait for the rollout.",
        parameters=SetResources,
        target=lambda parameters: Target(parameters.kind, parameters.name, RESOURCES[parameters.kind]),
        fields=_fields,
        service_account="resource-setter",
        rules=(
            Rule(
                api_group="apps",
                resources=("deployments", "statefulsets"),
                verbs=("get",),
                why="watch the rollout to its end",
            ),
            Rule(
                api_group="apps",
                resources=("deployments", "statefulsets"),
                verbs=("patch",),
                fields=(CONTAINER,),
                why="set requests and limits in the pod template",
            ),
            Rule(
                resources=("pods",),
                verbs=("list",),
                why="find out why its pods do not become ready: an image, a crash, no node",
            ),
        ),
        deadline=1800,
        retry_safe=True,
        settings=SetResourcesSettings,
        examples=(
            {"name": "web", "container": "web", "requests": {"memory": "64Mi"}},
            {"kind": "StatefulSet", "name": "db", "container": "db", "requests": {"cpu": "100m"}},
        ),
    )


@kubernaut.hookimpl
def validate(execution: kubernaut.Execution) -> list[Problem]:
    parameters, settings = execution.parameters, execution.settings
    given = {f"{section}.{resource}" for section in ("requests", "limits") for resource in getattr(parameters, section)}
    if not given and not parameters.remove:
        return [Problem("requests", "there is nothing to do: name cpu or memory in requests, limits or remove")]
    if both := sorted(given & set(parameters.remove)):
        return [Problem("remove", f"{both[0]} is also set: name it in one of the two")]
    largest = {"cpu": settings.max_cpu, "memory": settings.max_memory}
    return [
        Problem(
            f"{section}.{resource}",
            f"{amount} exceeds the maximum of {largest[resource]} in this cluster's settings (max_{resource})",
        )
        for section in ("requests", "limits")
        for resource, amount in getattr(parameters, section).items()
        if largest[resource] is not None and amount > largest[resource]
    ]


@kubernaut.hookimpl
def build_job(execution: kubernaut.Execution) -> dict[str, Any]:
    return kubernaut.runner_job(execution, "kubernaut_set_resources.perform")


@kubernaut.hookimpl
def on_complete(execution: kubernaut.Execution, result: Result) -> Rollback | None:
    if not result.changes or result.truncated:
        return None
    given = execution.parameters.model_dump(mode="json")
    undo: dict[str, Any] = {key: given[key] for key in ("kind", "name", "container", "wait")} | {"allowDecrease": True}
    for change in result.changes:
        section, resource = change.field.split(".")[-2:]
        if change.before is None:
            undo.setdefault("remove", []).append(f"{section}.{resource}")
        else:
            undo.setdefault(section, {})[resource] = change.before
    return Rollback(action=execution.action, parameters=undo)


def _fields(parameters: SetResources) -> list[str]:
    container = CONTAINER.replace("*", parameters.container)
    amounts = {"requests": parameters.requests, "limits": parameters.limits}
    named = [f"{section}.{resource}" for section in amounts for resource in amounts[section]]
    return [f"{container}.{amount}" for amount in (*named, *parameters.remove)]
