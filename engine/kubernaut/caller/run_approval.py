"""Approves a proposed run: each step carries out just what its dry run planned, in the order that the runbook says.

The proposals do not keep that order. It is read again from the runbook, which must be the very one that they were made from: its uid and
generation are in an annotation of each, beside the parameters. What anybody could have written there is not trusted: expanded again, the
runbook must give the actions and parameters that were rehearsed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from kubernaut.api.labels import ANNOTATION_RUN_ARGUMENTS, ANNOTATION_RUNBOOK_VERSION, LABEL_RUNBOOK
from kubernaut.api.view import ExecutionView
from kubernaut.caller.approvals import approving_spec
from kubernaut.caller.planned_runs import PlannedRun
from kubernaut.caller.runs import annotation, get_runbook
from kubernaut.errors import ExistsError, InputError, NotFoundError
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import EXECUTIONS, Key
from kubernaut.runbooks.arguments import MAX_ARGUMENTS_BYTES
from kubernaut.runbooks.creation import runbook_version
from kubernaut.runbooks.expansion import PlannedStep, Run, approved_suffix, expand
from kubernaut.runbooks.manifest import read_runbook
from kubernaut.telemetry.trace_context import trace_context


async def approved_run(cluster: Cluster, namespace: str, run: str, proposals: Sequence[ExecutionView]) -> PlannedRun:
    """Return the run that carries out these proposals. Raises InputError if they cannot be approved, saying why."""
    plans = {proposal.name: approving_spec(proposal) for proposal in proposals}
    name = _shared(proposals, {one.name: str(_labels(one).get(LABEL_RUNBOOK, "")) for one in proposals}, "runbook")
    version = _shared(
        proposals, {one.name: annotation(one, ANNOTATION_RUNBOOK_VERSION) for one in proposals}, "version"
    )
    runbook = await get_runbook(cluster, Key(namespace, name))
    if version != runbook_version(runbook):
        raise InputError(f"runbook {name} has changed since run {run} was proposed: {_again(name, namespace)}")
    arguments = _arguments(proposals)
    _, spec = read_runbook(runbook)
    rehearsed = expand(name, spec, arguments, run.rpartition("-")[2]).rehearsal()
    _check_same(rehearsed, plans, _again(name, namespace))
    whole = expand(name, spec, arguments, approved_suffix(run))
    by_step = {step.step: plans[step.name] for step in rehearsed.steps}
    steps = tuple(PlannedStep(one.name, one.step, {**one.spec, **by_step.get(one.step, {})}) for one in whole.steps)
    traceparent = str(trace_context(proposals[0]))
    return PlannedRun(Run(whole.name, name, arguments, steps), namespace, version, traceparent=traceparent)


async def why_not_created(cluster: Cluster, run: str, planned: PlannedRun, error: ExistsError) -> InputError:
    """Return the error for an approved run one of whose names is taken: by an approval before this one, or by something else."""
    other = await _foreign(cluster, planned)
    why = f"{error}. The name {other} is taken by another execution" if other else f"run {run} was approved already"
    return InputError(f"{why}: kubernaut describe --run {planned.run.name} -n {planned.namespace}")


async def _foreign(cluster: Cluster, planned: PlannedRun) -> str:
    """Return the first name that an execution has which does not approve the step of that name, or ""."""
    for step in planned.run.steps:
        try:
            there = await cluster.get(EXECUTIONS, planned.namespace, step.name)
        except NotFoundError:
            continue
        spec = there["spec"]
        same = (spec.get(key) == step.spec.get(key) for key in ("action", "approvedPlan", "undoes"))
        if spec.get("dryRun") or not all(same):
            return step.name
    return ""


def _check_same(rehearsed: Run, plans: Mapping[str, Mapping[str, Any]], again: str) -> None:
    """Raise InputError unless the proposals are the rehearsal that the runbook gives: the same steps, actions and parameters."""
    wanted = {step.name: (step.action, step.spec["parameters"]) for step in rehearsed.steps}
    found = {name: (plan["action"], plan.get("parameters")) for name, plan in plans.items()}
    for name in sorted({*wanted, *found}):
        if name not in found:
            raise InputError(f"{name} is missing, so the run is not whole: {again}")
        if "deadlineSeconds" in plans[name]:
            raise InputError(f"{name} has a deadline, which runbook {rehearsed.runbook} does not give: {again}")
        if found[name] != wanted.get(name):
            raise InputError(f"{name} is not what runbook {rehearsed.runbook} gives with its parameters: {again}")


def _shared(proposals: Sequence[ExecutionView], values: Mapping[str, str], what: str) -> str:
    """Return what all proposals have in common. Raises InputError if they have not."""
    distinct = set(values.values())
    if len(distinct) != 1 or "" in distinct:
        raise InputError(f"{proposals[0].name} and the rest of its run do not name one {what}: propose it again")
    return distinct.pop()


def _arguments(proposals: Sequence[ExecutionView]) -> dict[str, Any]:
    texts = {one.name: annotation(one, ANNOTATION_RUN_ARGUMENTS)[: 2 * MAX_ARGUMENTS_BYTES] for one in proposals}
    text = _shared(proposals, texts, "set of parameters")
    try:
        arguments = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{proposals[0].name}: its annotation {ANNOTATION_RUN_ARGUMENTS} is not JSON") from error
    if not isinstance(arguments, dict):
        raise InputError(f"{proposals[0].name}: its annotation {ANNOTATION_RUN_ARGUMENTS} is not a mapping")
    return arguments


def _labels(proposal: ExecutionView) -> Mapping[str, Any]:
    return proposal.json["metadata"].get("labels") or {}


def _again(name: str, namespace: str) -> str:
    return f"propose it again with: kubernaut run {name} -n {namespace} --propose"
