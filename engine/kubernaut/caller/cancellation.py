"""Cancels an execution, or what has not ended of a run; rejects a proposal, which is a dry run that nobody may approve any more."""

from __future__ import annotations

from collections.abc import Sequence

from kubernaut.api.execution import Phase
from kubernaut.api.view import ExecutionView
from kubernaut.caller.executions import current_user, get_execution, patch_execution
from kubernaut.caller.runs import read_run
from kubernaut.errors import ConflictError, DeniedError, InputError, NotFoundError
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import EXECUTIONS, Key, key_of

_CANCEL = {"spec": {"cancel": True}}


async def cancel_execution(cluster: Cluster, key: Key) -> ExecutionView:
    """Ask for an execution to be stopped, or reject an open proposal, and return it.

    Raises InputError if it does not exist, or has ended and is none.
    """
    await _get_cancellable(cluster, key)
    return await patch_execution(cluster, key, _CANCEL)


async def cancel_own(cluster: Cluster, key: Key, agent: str) -> ExecutionView:
    """Ask for an execution to be stopped, or withdraw an open proposal, that this user created through this agent, and return it.

    Raises InputError if it is somebody else's, or as `cancel_execution`. RBAC decides as well: the agent's name is a claim.
    """
    execution = await _get_cancellable(cluster, key)
    user, creator = await current_user(cluster), execution.status.requested_by or execution.requested_by
    remedy = f"a person can stop it: kubernaut cancel {key.name} -n {key.namespace}"
    if not user:
        raise InputError(f"the API server does not say who you are, so {key.name} may be somebody else's: {remedy}")
    if not agent or creator != user or execution.agent != agent:
        raise InputError(f"{key.name} was not created by this user through this agent: {remedy}")
    return await patch_execution(cluster, key, _CANCEL)


async def cancel_run(cluster: Cluster, namespace: str, run: str) -> list[ExecutionView]:
    """Ask for each step to be stopped that has not ended, the last one first, so that none begins when another ends; return them.

    The open proposals among those that have ended are rejected.

    Raises InputError if there is no such run or all of it has ended; DeniedError, once the others are cancelled, for steps that this user
    may not cancel.
    """
    unfinished = [one for one in await read_run(cluster, namespace, run) if not one.has_ended or one.is_open_proposal]
    if not unfinished:
        raise InputError(f"run {run} has ended already: kubernaut describe --run {run} -n {namespace}")
    denied = dict[str, DeniedError]()
    for execution in reversed(unfinished):
        try:
            await patch_execution(cluster, key_of(execution.json), _CANCEL)
        except DeniedError as error:
            denied[execution.name] = error
    if denied:
        first = next(iter(denied.values()))
        done = ", ".join(one.name for one in unfinished if one.name not in denied) or "nothing"
        raise DeniedError(
            f"{', '.join(denied)} cannot be cancelled: {first}; cancelled: {done}", by_policy=first.by_policy
        )
    return unfinished


async def _get_cancellable(cluster: Cluster, key: Key) -> ExecutionView:
    execution = await get_execution(cluster, key)
    if execution.has_ended and not execution.is_open_proposal:
        raise InputError(f"{key.name} has ended already: {execution.phase}")
    return execution


async def withdraw(cluster: Cluster, executions: Sequence[ExecutionView]) -> list[ExecutionView]:
    """Cancel those that have not started, and rehearsals, the last one first; reject open proposals; return what was. What runs goes on."""
    return [one for one in reversed(executions) if await _withdraw(cluster, one)]


async def _withdraw(cluster: Cluster, execution: ExecutionView) -> bool:
    """Return whether it was cancelled; a version in the patch sees to it that none is that has started since."""
    key = key_of(execution.json)
    while _can_withdraw(execution):
        version = {"metadata": {"resourceVersion": execution.json["metadata"]["resourceVersion"]}}
        try:
            await cluster.patch(EXECUTIONS, key.namespace, key.name, {**_CANCEL, **version})
        except ConflictError:
            try:
                execution = ExecutionView(await cluster.get(EXECUTIONS, key.namespace, key.name))
            except NotFoundError:
                return False
        except NotFoundError:
            return False
        else:
            return True
    return False


def _can_withdraw(execution: ExecutionView) -> bool:
    if execution.is_cancelled:
        return False
    if execution.is_dry_run:
        return not execution.has_ended or execution.is_open_proposal
    return execution.phase is Phase.PENDING and not execution.job_name
