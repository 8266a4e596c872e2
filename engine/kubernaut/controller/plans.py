"""Plans: the digest of what a dry run planned, its one use, and what differs where it would no longer do what was approved."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from kubernaut.admission.admission import Admission
from kubernaut.admission.decisions import Admitted, Rejected
from kubernaut.admission.plans import find_execution
from kubernaut.api.execution import Approval, ExecutionStatus, Phase, Reason
from kubernaut.api.plugin import Change, Result
from kubernaut.api.timestamps import now
from kubernaut.api.view import ExecutionView
from kubernaut.controller.launcher import command_plan
from kubernaut.controller.status import StatusWriter
from kubernaut.divergence import find_divergence
from kubernaut.errors import KubernautError
from kubernaut.jobs.outcome import Finished
from kubernaut.jobs.side_effects import format_value, planned_result, side_effects
from kubernaut.kube.client import Cluster
from kubernaut.plan_digest import plan_digest
from kubernaut.plugins.hook_caller import HookCaller

log = logging.getLogger(__name__)

_MAX_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Plans:
    """Plans of dry runs, and of the executions that carry them out."""

    cluster: Cluster
    admission: Admission
    hooks: HookCaller
    status: StatusWriter

    async def claim(self, execution: ExecutionView, admitted: Admitted) -> None:
        """Record on the dry run that this execution carries out its plan, before the Job exists: no second one ever does.

        Raises ConflictError if someone else has written the dry run since it was read; it is then read again.
        """
        proposal = admitted.proposal
        if proposal is None or proposal.status.approval is not None:
            return
        requester = execution.requested_by or None
        approval = Approval(execution=execution.name, uid=execution.uid, requested_by=requester, time=now())
        await self.status.write(proposal, ExecutionStatus(approval=approval))

    async def digest(self, execution: ExecutionView, finished: Finished) -> str | None:
        """Return the digest of what a dry run planned; None where that is not known whole, so that nobody can approve it."""
        if not execution.is_dry_run or finished.phase is not Phase.SUCCEEDED:
            return None
        admitted = await self.admission.resolve(execution)
        if isinstance(admitted, Rejected):
            return None
        result, asked = finished.result, admitted.execution
        if any(run.report for attempt in finished.attempts for run in attempt.steps):
            if result.truncated or result.disbelieved:
                return None
            changes = [change.model_dump(mode="json") for change in result.changes]
            return plan_digest(asked.action, asked.parameters.model_dump(mode="json"), changes)
        try:
            return await command_plan(self.hooks, admitted, asked.name, asked.uid, asked.requested_by)
        except KubernautError as error:
            log.warning("no plan for %s: %s", execution.name, error)
            return None

    async def judge(self, execution: ExecutionView, finished: Finished) -> Finished:
        """Return the end as it is recorded: a rehearsal that would undo more than it may has failed; what is not as approved is named."""
        if execution.undoes and execution.is_dry_run and finished.phase is Phase.SUCCEEDED:
            return await self._compared(execution, finished)
        return await self._explained(execution, finished)

    async def _compared(self, execution: ExecutionView, finished: Finished) -> Finished:
        """Compare a rehearsal with what the undone execution left, as its pod did: a person decides by what it reports."""
        admitted = await self.admission.resolve(execution)
        undone = None if isinstance(admitted, Rejected) else admitted.execution.undone
        planned = [change.model_dump(mode="json") for change in finished.result.changes]
        found = find_divergence(undone.left, planned) if undone else None
        if undone is None or found is None:
            return finished
        change, entry = found
        place = f"{change['kind']}/{change['name']} {change['field']}"
        left = "did not record that" if entry is None else "left something else"
        message = f"It would change {place}, which is {format_value(change['before'])} now, and {undone.name} {left}. Nothing was changed."
        return replace(finished, phase=Phase.FAILED, reason=Reason.DIVERGED, message=message, result=Result())

    async def _explained(self, execution: ExecutionView, finished: Finished) -> Finished:
        """Return the end with each change that differs from the approved one, where that is why it ended."""
        approved = execution.spec.approved_plan
        if finished.reason != Reason.PLAN_CHANGED or approved is None:
            return finished
        planned, effects = (
            planned_result(finished.attempts).changes,
            side_effects(finished.attempts, execution.status.result),
        )
        proposal = await find_execution(self.cluster, execution.namespace, approved.execution)
        differences = plan_differences(_approved_changes(proposal), planned)
        shown = (
            "; ".join(differences[:_MAX_SHOWN]) or "its parameters mean something else to the plugin of this version"
        )
        more = f"; and {len(differences) - _MAX_SHOWN} more" if len(differences) > _MAX_SHOWN else ""
        message = (
            f"Since {approved.execution} was approved, what it would do has changed: {shown}{more}. {effects.after_failure()} "
            "Propose it again."
        )
        return replace(finished, message=message)


def _approved_changes(proposal: ExecutionView | None) -> Sequence[Change]:
    try:
        result = proposal.status.result if proposal else None
    except ValidationError:
        return ()
    return result.changes if result else ()


def plan_differences(approved: Sequence[Change], planned: Sequence[Change]) -> list[str]:
    """Return each change that differs, as it was approved and as it would be made now."""
    first, second = _by_field(approved), _by_field(planned)
    return [
        f"{kind}/{name} {field}: approved {_shown(first.get(key))}, now {_shown(second.get(key))}"
        for key in dict.fromkeys((*first, *second))
        if not _same(first.get(key), second.get(key))
        for kind, name, field in [key]
    ]


def _by_field(changes: Iterable[Change]) -> Mapping[tuple[str, str, str], Change]:
    return {(change.kind, change.name, change.field): change for change in changes}


def _same(approved: Change | None, planned: Change | None) -> bool:
    if approved is None or planned is None:
        return False
    return approved == planned or bool(approved.volatile and planned.volatile)


def _shown(change: Change | None) -> Any:
    return "no change" if change is None else f"{format_value(change.before)} → {format_value(change.after)}"
