"""`set-autoscaler`: its parameters, settings, permissions and rollback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from pydantic import Field

import kubernaut
from kubernaut import ActionSpec, ObjectName, Parameters, Problem, Result, Rollback, Rule, Surroundings, Target

HOOK_VERSION = 1
BOUNDS = ("minReplicas", "maxReplicas")
FIELDS = tuple(f"spec.{bound}" for bound in BOUNDS)
Bound = Annotated[int, Field(ge=1)]


class SetAutoscaler(Parameters):
    """The HorizontalPodAutoscaler and its bounds; one that is left out stays as it is."""

    name: ObjectName
    minReplicas: Bound | None = None  # noqa: N815 - as Kubernetes writes fields
    """The fewest replicas that it keeps."""
    maxReplicas: Bound | None = None  # noqa: N815
    """The most replicas that it makes."""


class SetAutoscalerSettings(Parameters):
    """The settings that the cluster's admin decides."""

    max_replicas: Annotated[int, Field(ge=1)] = 1000
    """The largest bound that an execution can request."""


@kubernaut.hookimpl
def describe() -> ActionSpec:
    return ActionSpec(
        summary="Set the minimum and maximum of a HorizontalPodAutoscaler.",
        parameters=SetAutoscaler,
        target=lambda parameters: Target(
            "HorizontalPodAutoscaler", parameters.name, "autoscaling/v2/horizontalpodautoscalers"
        ),
        fields=lambda _: FIELDS,
        service_account="autoscaler-setter",
        rules=(
            Rule(
                api_group="autoscaling",
                resources=("horizontalpodautoscalers",),
                verbs=("patch",),
                fields=FIELDS,
                why="set the bounds; the dry run of an empty patch reads them",
            ),
        ),
        deadline=300,
        retry_safe=True,
        settings=SetAutoscalerSettings,
        examples=({"name": "web", "minReplicas": 2, "maxReplicas": 6},),
        surroundings=_autoscaler,
    )


@kubernaut.hookimpl
def validate(execution: kubernaut.Execution) -> list[Problem]:
    limit = execution.settings.max_replicas
    given = {bound: value for bound in BOUNDS if (value := getattr(execution.parameters, bound)) is not None}
    if not given:
        return [Problem("minReplicas", "there is nothing to do: name minReplicas, maxReplicas or both")]
    if len(given) == len(BOUNDS) and given["minReplicas"] > given["maxReplicas"]:
        return [Problem("minReplicas", f"{given['minReplicas']} exceeds maxReplicas, which is {given['maxReplicas']}")]
    return [
        Problem(bound, f"{value} exceeds the maximum of {limit} in this cluster's settings (max_replicas)")
        for bound, value in given.items()
        if value > limit
    ]


@kubernaut.hookimpl
def build_job(execution: kubernaut.Execution) -> dict[str, Any]:
    return kubernaut.runner_job(execution, "kubernaut_set_autoscaler.perform")


@kubernaut.hookimpl
def on_complete(execution: kubernaut.Execution, result: Result) -> Rollback | None:
    before = {change.field.removeprefix("spec."): change.before for change in result.changes}
    if not before or result.truncated or None in before.values():
        return None
    return Rollback(action=execution.action, parameters={"name": execution.parameters.name, **before})


@contextmanager
def _autoscaler() -> Iterator[Surroundings]:
    """An autoscaler of a Deployment that does not exist, so that it scales nothing while the examples run."""
    autoscaler = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web"},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "elsewhere"},
            "minReplicas": 1,
            "maxReplicas": 4,
        },
    }
    yield Surroundings(objects=(autoscaler,))
