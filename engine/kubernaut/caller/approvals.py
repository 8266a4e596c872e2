"""Approves a proposal: creates the execution that carries out just what its dry run planned."""

from __future__ import annotations

from typing import Any

from kubernaut.api.alterations import altered_field
from kubernaut.api.execution import Phase
from kubernaut.api.labels import ANNOTATION_TRACEPARENT
from kubernaut.api.view import ExecutionView
from kubernaut.caller.executions import create_execution, get_execution
from kubernaut.errors import ExistsError, InputError
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import Key
from kubernaut.runbooks.creation import not_as_approved
from kubernaut.telemetry.trace_context import trace_context

_SUFFIX = "-approved"
_MAX_NAME = 63


def approving_spec(proposal: ExecutionView) -> dict[str, Any]:
    """Return the spec of the execution that carries out this plan. Raises InputError if there is none to carry out, saying why."""
    name, status, remedy = proposal.name, proposal.status, f"-n {proposal.namespace}"
    if not proposal.is_dry_run:
        raise InputError(f"{name} is not a dry run: only what was rehearsed can be approved (kubernaut propose)")
    if not proposal.has_ended:
        raise InputError(f"{name} is {proposal.phase}: wait for its end with kubernaut get -w {name} {remedy}")
    if proposal.phase is not Phase.SUCCEEDED:
        raise InputError(f"{name} planned nothing, it ended as {status.reason or status.phase}: {status.message or ''}")
    if not status.plan_digest:
        raise InputError(
            f"{name} cannot be approved: its changes are not recorded as a whole, so nobody can see all that it would do"
        )
    if status.approval:
        raise InputError(f"{name} was approved already: kubernaut describe {status.approval.execution} {remedy}")
    if proposal.is_cancelled:
        raise InputError(f"{name} was rejected: propose it again")
    spec = proposal.spec
    return {
        "action": spec.action,
        **({"undoes": spec.undoes} if spec.undoes else {"parameters": spec.parameters}),
        "approvedPlan": {"execution": name, "digest": status.plan_digest},
        **({"deadlineSeconds": spec.deadline_seconds} if spec.deadline_seconds else {}),
    }


async def approve(cluster: Cluster, proposal: ExecutionView) -> ExecutionView:
    """Create the execution that carries out this plan, and return it. Its name follows from the proposal's, so it is approved once,
    and it continues the proposal's trace.

    Raises InputError if there is nothing to approve, the name is taken, or the cluster would store something else.
    """
    spec = approving_spec(proposal)
    key = Key(proposal.namespace, f"{proposal.name[: _MAX_NAME - len(_SUFFIX)]}{_SUFFIX}")
    try:
        tried = await create_execution(cluster, key, spec, dry_run=True)
        if field := altered_field(spec, tried.json["spec"]):
            raise InputError(f"{proposal.name}: {not_as_approved(field)}. Nothing was created")
        trace = {ANNOTATION_TRACEPARENT: str(trace_context(proposal))}
        return await create_execution(cluster, key, spec, annotations=trace)
    except ExistsError as error:
        there = await get_execution(cluster, key)
        is_approval = there.approved_plan == proposal.name
        what = (
            f"{proposal.name} was approved already"
            if is_approval
            else f"the name {key.name} is taken by another execution"
        )
        raise InputError(f"{what}: kubernaut describe {key.name} -n {key.namespace}") from error
