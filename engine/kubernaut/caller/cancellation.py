"""Cancels an execution, or what has not ended of a run."""

from __future__ import annotations

from kubernaut.api.view import ExecutionView
from kubernaut.caller.executions import get_unfinished_execution, patch_execution
from kubernaut.caller.runs import read_run
from kubernaut.errors import InputError
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import Key, key_of

_CANCEL = {"spec": {"cancel": True}}


async def cancel_execution(cluster: Cluster, key: Key) -> ExecutionView:
    """Ask for an execution to be stopped, and return it. Raises InputError if it does not exist or has ended."""
    await get_unfinished_execution(cluster, key)
    return await patch_execution(cluster, key, _CANCEL)


async def cancel_run(cluster: Cluster, namespace: str, run: str) -> list[ExecutionView]:
    """Ask for each step to be stopped that has not ended, the last one first, so that none begins when another ends; return them.

    Raises InputError if there is no such run or all of it has ended.
    """
    unfinished = [one for one in await read_run(cluster, namespace, run) if not one.has_ended]
    if not unfinished:
        raise InputError(f"run {run} has ended already: kubernaut describe --run {run} -n {namespace}")
    for execution in reversed(unfinished):
        await patch_execution(cluster, key_of(execution.json), _CANCEL)
    return unfinished
