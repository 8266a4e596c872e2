"""Checks the plan that an execution carries out: a dry run that succeeded, planned just this, is recent, and was not carried out before.

Whether the target still is as it was then is found out in the execution's own dry run, before anything is changed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from kubernaut.admission.decisions import Rejected
from kubernaut.api.execution import ExecutionSpec, Phase, Reason
from kubernaut.api.plugin import ApprovedPlan
from kubernaut.api.view import ExecutionView
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import EXECUTIONS

_REMEDY = "propose it again: kubernaut propose"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A dry run that was approved."""

    view: ExecutionView
    plan: ApprovedPlan


@dataclass(frozen=True, slots=True)
class PlanChecker:
    """Reads the dry runs that executions name."""

    cluster: Cluster
    max_age_seconds: int
    clock: Callable[[], datetime]

    async def check(self, execution: ExecutionView) -> Proposal | Rejected | None:
        """Return the plan that the execution carries out, why it must not, or None where it names none."""
        approved = execution.spec.approved_plan
        if approved is None:
            return None
        proposal = await find_execution(self.cluster, execution.namespace, approved.execution)
        if proposal is None:
            message = f"spec.approvedPlan: there is no dry run {approved.execution} in {execution.namespace}; {_REMEDY}"
            return Rejected(Reason.PLAN_NOT_FOUND, message)
        if problem := _mismatch(execution, proposal):
            message = f"spec.approvedPlan: {proposal.name} {problem}; {_REMEDY}"
            return Rejected(Reason.PLAN_NOT_FOUND, message)
        status = proposal.status
        used = status.approval
        if used is not None and used.uid != execution.uid:
            message = f"spec.approvedPlan: the plan of {proposal.name} was carried out already, by {used.execution}; {_REMEDY}"
            return Rejected(Reason.PLAN_USED, message)
        age = (self.clock() - (status.completion_time or proposal.created)).total_seconds()
        if used is None and age > self.max_age_seconds:
            message = (
                f"spec.approvedPlan: the plan of {proposal.name} is {age:.0f} s old, and {self.max_age_seconds} s are the limit "
                f"(plans.maxAgeSeconds); {_REMEDY}"
            )
            return Rejected(Reason.PLAN_EXPIRED, message)
        proposer = status.requested_by or proposal.requested_by
        return Proposal(
            proposal, ApprovedPlan(proposal.name, proposal.uid, approved.digest, proposer, proposal.created)
        )


async def find_execution(cluster: Cluster, namespace: str, name: str) -> ExecutionView | None:
    """Return an execution as it is in the API server now, with its parameters and result, or None.

    The engine may list executions and get none by name.
    """
    page = await cluster.list(EXECUTIONS, namespace, fields=f"metadata.name={name}")
    return ExecutionView(page.items[0]) if page.items else None


def _mismatch(execution: ExecutionView, proposal: ExecutionView) -> str:
    """Return why this is not the plan of the execution, or ""."""
    try:
        wanted, spec, status = execution.spec, proposal.spec, proposal.status
    except ValidationError:
        return "was written by another version of the engine"
    digest = wanted.approved_plan.digest if wanted.approved_plan else ""
    problems = (
        (not spec.dry_run, "is not a dry run"),
        (
            _is_older(execution, proposal),
            "was created after this execution, so nobody can have approved it: approve it anew",
        ),
        (not proposal.has_ended, f"has not ended: it is {proposal.phase}"),
        (proposal.phase is not Phase.SUCCEEDED, f"planned nothing: it ended as {status.reason or proposal.phase}"),
        (proposal.is_cancelled and not status.approval, "was rejected"),
        (spec.action != wanted.action, f"is a dry run of {spec.action}, not of {wanted.action}"),
        (spec.undoes != wanted.undoes, f"undoes {spec.undoes or 'nothing'}"),
        (spec.parameters != wanted.parameters, f"has other parameters ({_different(spec, wanted)})"),
        (not status.plan_digest, "has no plan that can be approved: its changes are not recorded as a whole"),
        (status.plan_digest != digest, f"has another plan: its digest is {status.plan_digest}"),
    )
    return next((text for holds, text in problems if holds), "")


def _is_older(execution: ExecutionView, proposal: ExecutionView) -> bool:
    """Whether the execution was there before the dry run, by the API server's clock: what somebody saw was an earlier one of that name."""
    return execution.created.replace(microsecond=0) < proposal.created.replace(microsecond=0)


def _different(first: ExecutionSpec, second: ExecutionSpec) -> str:
    one, other = first.parameters, second.parameters
    return ", ".join(sorted(key for key in {*one, *other} if one.get(key) != other.get(key)))
