"""Turns a runbook and a caller's arguments into the executions of a run, and creates them, all or none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kubernaut.api.labels import ANNOTATION_TRACEPARENT
from kubernaut.api.view import ExecutionView
from kubernaut.caller.executions import caller_annotations, cannot_create
from kubernaut.errors import InputError, NotFoundError
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import Object
from kubernaut.plugins.registry import Registry
from kubernaut.runbooks.check import parameter_problem
from kubernaut.runbooks.creation import create_run, execution_manifests, runbook_version
from kubernaut.runbooks.expansion import Run, expand
from kubernaut.runbooks.manifest import read_runbook


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """A run that does not exist yet."""

    run: Run
    namespace: str
    version: str
    """The runbook that it was made from, by uid and generation."""
    approvable: bool = False
    """Whether it rehearses, so that another run can carry out just what it planned."""
    left_out: tuple[str, ...] = ()
    """The steps that it does not rehearse, as there is nothing to undo yet."""
    traceparent: str = ""
    """The trace that it continues, unless its caller has one."""


def plan_run(
    runbook: Object,
    arguments: Mapping[str, Any],
    *,
    propose: bool,
    suffix: str = "",
    registry: Registry | None = None,
) -> PlannedRun:
    """Return the run of a runbook with these arguments, or its rehearsal. Its name ends in `suffix`, or in one that is drawn.

    Parameters are checked by the actions of `registry`, by default those that are installed here.
    Raises InputError naming the parameter, or the step whose action refuses its parameters.
    """
    name, spec = read_runbook(runbook)
    whole = expand(name, spec, arguments, suffix) if suffix else expand(name, spec, arguments)
    _check_parameters(whole, registry or Registry.discover())
    run = whole.rehearsal() if propose else whole
    left_out = sorted({step.step for step in whole.steps} - {step.step for step in run.steps})
    namespace = runbook["metadata"]["namespace"]
    return PlannedRun(run, namespace, runbook_version(runbook), propose, tuple(left_out))


async def create_planned_run(
    cluster: Cluster, planned: PlannedRun, annotations: Mapping[str, str] | None = None
) -> list[ExecutionView]:
    """Create the executions of a run, all or none, and return them. Raises ExistsError if its name is taken."""
    trace = {ANNOTATION_TRACEPARENT: planned.traceparent} if planned.traceparent else {}
    written = {**trace, **(annotations or {}), **await caller_annotations(cluster)}
    manifests = execution_manifests(
        planned.run, planned.namespace, written, planned.version, approvable=planned.approvable
    )
    try:
        return [ExecutionView(obj) for obj in await create_run(cluster, manifests)]
    except NotFoundError as error:
        raise cannot_create(error, planned.namespace) from error


def _check_parameters(run: Run, registry: Registry) -> None:
    """Raise InputError if an action refuses the parameters of a step. Actions that are not installed here are left to the engine."""
    for step in run.steps:
        action = registry.actions.get(step.action)
        if action and not step.undoes and (problem := parameter_problem(action, step.spec["parameters"])):
            raise InputError(f"step {step.step}: parameters of {step.action}: {problem}")
