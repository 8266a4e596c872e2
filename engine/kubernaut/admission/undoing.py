"""What an execution undoes (`spec.undoes`): its action and parameters are the rollback that the other one recorded.

Whether everything still is as the other one left it is found out in the execution's own dry run, before anything is changed.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import ValidationError

from kubernaut.admission.decisions import Rejected
from kubernaut.admission.plans import find_execution
from kubernaut.api.execution import Reason
from kubernaut.api.plugin import Rollback, UndoneExecution
from kubernaut.api.view import ExecutionView
from kubernaut.divergence import left_value
from kubernaut.kube.client import Cluster
from kubernaut.plan_digest import canonical_json

_MAX_BYTES = 24 * 1024
"""What of the undone execution's changes fits beside the parameters into the one variable of a pod."""


@dataclass(frozen=True, slots=True)
class Undoing:
    """Reads the executions that others undo."""

    cluster: Cluster

    async def find(self, execution: ExecutionView) -> tuple[Rollback, UndoneExecution] | Rejected:
        """Return the rollback that an execution carries out, and what must still be there; or why there is none."""
        name = execution.undoes
        original = await find_execution(self.cluster, execution.namespace, name)
        if original is None:
            return _nothing(f"there is no execution {name} in {execution.namespace}")
        try:
            problem, result = why_not_undoable(original), original.status.result
        except ValidationError:
            return _nothing(f"{name} was written by another version of the engine")
        if problem or result is None or result.rollback is None:
            return _nothing(problem)
        if result.rollback.action != execution.action:
            return Rejected(
                Reason.NOTHING_TO_UNDO,
                f"spec.action: {name} is undone by {result.rollback.action}, not by {execution.action}: name that",
            )
        left = tuple(left_value(change.model_dump(mode="json")) for change in result.changes)
        if len(canonical_json(list(left))) > _MAX_BYTES:
            return _nothing(f"{name} changed more fields than can be compared with what is there now")
        return result.rollback, UndoneExecution(name, left, original.undoes)


def why_not_undoable(original: ExecutionView) -> str:
    """Return why an execution cannot be undone, or "". Raises pydantic.ValidationError for a status of another version."""
    name, result = original.name, original.status.result
    if not original.has_ended:
        return f"{name} has not ended: stop it first with: kubernaut cancel {name} -n {original.namespace}"
    if original.is_dry_run:
        return f"{name} was a dry run: it changed nothing"
    if result is None or not result.changes:
        return f"{name} has no recorded changes: {original.status.message or ''}"
    if result.rollback is None and result.irreversible:
        return f"{name} cannot be undone: {result.irreversible}"
    return f"action {original.action} does not support rollback of {name}" if result.rollback is None else ""


def _nothing(why: str) -> Rejected:
    return Rejected(Reason.NOTHING_TO_UNDO, f"spec.undoes: {why}. Nothing was changed.")
