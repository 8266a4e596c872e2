"""`check-workload`: its parameters and permissions. It changes nothing, so it returns no rollback."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

import kubernaut
from kubernaut import ActionSpec, ObjectName, Parameters, Problem, Rule, Target
from kubernaut_check_workload.workloads import RESOURCES

HOOK_VERSION = 1
DEADLINE = 3600
"""Seconds for all attempts together."""
_START_SECONDS = 30
"""What is left of the deadline for the pod to start and to report."""


class CheckWorkload(Parameters):
    """The workload, and what must hold of it."""

    kind: Literal["Deployment", "StatefulSet", "DaemonSet"] = "Deployment"
    name: ObjectName
    expression: Annotated[str, Field(min_length=1, max_length=2000)]
    """CEL, true or false, such as `object.status.readyReplicas == object.spec.replicas`; `object` is the workload."""
    settleSeconds: Annotated[int, Field(ge=0, le=DEADLINE)] = 0  # noqa: N815 - as Kubernetes writes fields
    """Seconds that pass before the first look."""
    timeoutSeconds: Annotated[int, Field(ge=1, le=DEADLINE)] = 300  # noqa: N815
    """Seconds from the first look on within which it must hold, and have held for `holdSeconds`."""
    holdSeconds: Annotated[int, Field(ge=0, le=DEADLINE)] = 0  # noqa: N815
    """Seconds for which it must hold at every look: what crashes and starts again holds for a moment now and then."""


@kubernaut.hookimpl
def describe() -> ActionSpec:
    return ActionSpec(
        summary="Wait until a CEL expression over one Deployment, StatefulSet or DaemonSet holds; it changes nothing.",
        parameters=CheckWorkload,
        target=lambda parameters: Target(parameters.kind, parameters.name, RESOURCES[parameters.kind]),
        fields=lambda _: (),
        service_account="workload-checker",
        rules=(
            Rule(
                api_group="apps",
                resources=("deployments", "statefulsets", "daemonsets"),
                verbs=("get",),
                why="read the workload that the expression is about",
            ),
        ),
        deadline=DEADLINE,
        read_only=True,
        examples=(
            {"name": "web", "expression": "object.status.readyReplicas == object.spec.replicas"},
            {
                "kind": "StatefulSet",
                "name": "db",
                "expression": "object.status.?readyReplicas.orValue(0) >= 1",
                "timeoutSeconds": 60,
            },
            {
                "kind": "DaemonSet",
                "name": "agent",
                "expression": "object.status.numberReady == object.status.desiredNumberScheduled",
            },
        ),
    )


@kubernaut.hookimpl
def validate(execution: kubernaut.Execution) -> list[Problem]:
    # Loading CEL's runtime takes 50 ms, which the start of a command need not wait for.
    from kubernaut_check_workload.condition import compile_condition  # noqa: PLC0415

    parameters: CheckWorkload = execution.parameters
    problems = []
    try:
        compile_condition(parameters.expression)
    except ValueError as error:
        problems.append(Problem("expression", f"it must be CEL that is true or false: {error}"))
    if parameters.holdSeconds >= parameters.timeoutSeconds:
        problems.append(Problem("holdSeconds", "it must be less than timeoutSeconds, within which it has to pass"))
    waits = parameters.settleSeconds + parameters.timeoutSeconds
    if waits + _START_SECONDS > execution.deadline_seconds:
        problems.append(
            Problem(
                "timeoutSeconds",
                f"settleSeconds and timeoutSeconds are {waits} s together, and must leave {_START_SECONDS} s of the deadline of "
                f"{execution.deadline_seconds} s: make them smaller, or spec.deadlineSeconds larger",
            )
        )
    return problems


@kubernaut.hookimpl
def build_job(execution: kubernaut.Execution) -> dict[str, Any]:
    return kubernaut.runner_job(execution, "kubernaut_check_workload.perform")
