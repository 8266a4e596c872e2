"""Undoes an execution: shows by a dry run what its inverse would change now, and creates it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubernaut.admission.undoing import why_not_undoable
from kubernaut.api.execution import Phase, Reason
from kubernaut.api.plugin import Change, Rollback
from kubernaut.api.view import ExecutionView
from kubernaut.caller.commands import execute_command
from kubernaut.caller.executions import create_execution, read_execution
from kubernaut.errors import InputError
from kubernaut.kube.client import Cluster
from kubernaut.kube.follow import wait_for_end
from kubernaut.kube.objects import Key

_REHEARSAL_TTL_SECONDS = 600


def inverse_of(execution: ExecutionView) -> Rollback:
    """Return the action and parameters that undo an execution. Raises InputError if there are none, saying why."""
    problem, result = why_not_undoable(execution), execution.status.result
    if problem or result is None or result.rollback is None:
        raise InputError(problem)
    return result.rollback


async def rehearse_rollback(cluster: Cluster, original: ExecutionView) -> tuple[Change, ...]:
    """Return what the inverse would change now. Raises InputError if its dry run fails, or there is nothing left to undo."""
    name = original.name
    rehearsed = {**_spec(original), "dryRun": True, "ttlSecondsAfterFinished": _REHEARSAL_TTL_SECONDS}
    created = await create_execution(cluster, Key(original.namespace, ""), rehearsed, prefix=f"{name[:38]}-rehearsed-")
    rehearsal = read_execution(await wait_for_end(cluster, Key(created.namespace, created.name)))
    status = rehearsal.status
    if status.reason == Reason.DIVERGED:
        inverse = inverse_of(original)
        undo = execute_command(inverse.action, original.namespace, inverse.parameters)
        raise InputError(f"{status.message or ''} To undo it nevertheless: {undo}")
    if rehearsal.phase is not Phase.SUCCEEDED:
        raise InputError(f"the rehearsal of the rollback failed, so nothing was changed: {status.message or ''}")
    if status.result is None or not status.result.changes:
        raise InputError(f"there is nothing to undo: everything that {name} changed is as it was before")
    return status.result.changes


async def roll_back(cluster: Cluster, original: ExecutionView) -> ExecutionView:
    """Create the execution that undoes this one, and return it. Raises InputError if there is nothing to undo."""
    prefix = f"{original.name[:40]}-undone-"
    return await create_execution(cluster, Key(original.namespace, ""), _spec(original), prefix=prefix)


async def propose_rollback(
    cluster: Cluster, original: ExecutionView, annotations: Mapping[str, str] | None = None
) -> ExecutionView:
    """Create the dry run of what undoes this one, so that somebody can approve it. Raises InputError if there is nothing to undo."""
    prefix = f"{original.name[:38]}-undoing-"
    spec = {**_spec(original), "dryRun": True}
    return await create_execution(cluster, Key(original.namespace, ""), spec, prefix=prefix, annotations=annotations)


def _spec(original: ExecutionView) -> dict[str, Any]:
    return {"action": inverse_of(original).action, "undoes": original.name}
