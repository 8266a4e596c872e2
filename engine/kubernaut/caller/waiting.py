"""Waits, for a bounded time, until an execution or a whole run is as far as a caller wants it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any

from kubernaut.api.view import ExecutionView
from kubernaut.caller.executions import get_execution, read_execution
from kubernaut.caller.runs import no_run, read_run, run_order, run_selector
from kubernaut.kube.client import Cluster
from kubernaut.kube.follow import follow, watch_collection
from kubernaut.kube.objects import EXECUTIONS, Key

OnChange = Callable[[Sequence[ExecutionView]], Awaitable[None]]
"""Called with the first state and after each change."""


async def wait_for_execution(
    cluster: Cluster, key: Key, seconds: float, on_change: OnChange, *, carried_out: bool = False
) -> ExecutionView:
    """Return the execution once it has ended, or as it is after `seconds`.

    With `carried_out`, of a proposal: once somebody has rejected it, or approved it and what carries it out has ended; that one is returned
    then. Raises InputError if there is no such execution, NotFoundError when it is deleted, UnavailableError when the API server does not
    answer.
    """
    await get_execution(cluster, key)
    last: list[ExecutionView] = []
    try:
        async with asyncio.timeout(seconds):
            async for execution in _states(cluster, key, carried_out=carried_out):
                last[:] = [execution]
                await on_change(last)
    except TimeoutError:
        pass
    return last[0] if last else await get_execution(cluster, key)


async def wait_for_run(
    cluster: Cluster, namespace: str, run: str, seconds: float, on_change: OnChange
) -> list[ExecutionView]:
    """Return the executions of a run once all have ended, or as they are after `seconds`. Raises InputError if there are none."""
    latest: list[ExecutionView] = []
    try:
        async with asyncio.timeout(seconds):
            async for found in watch_collection(cluster, EXECUTIONS, namespace, selector=run_selector(run)):
                latest = run_order(found)
                if not latest:
                    raise no_run(run, namespace)
                await on_change(latest)
                if all(one.has_ended for one in latest):
                    break
    except TimeoutError:
        pass
    return latest or await read_run(cluster, namespace, run)


async def _states(cluster: Cluster, key: Key, *, carried_out: bool) -> AsyncIterator[ExecutionView]:
    """Yield the states of an execution until it has ended; then, if wanted, those of the one that carries it out."""
    execution: ExecutionView | None = None
    async for obj in follow(cluster, key):
        execution = read_execution(obj)
        yield execution
    if not carried_out or execution is None or not execution.status.plan_digest:
        return
    async for obj in follow(cluster, key, until=_is_decided):
        execution = read_execution(obj)
        yield execution
    if approval := execution.status.approval:
        async for obj in follow(cluster, Key(key.namespace, approval.execution)):
            yield read_execution(obj)


def _is_decided(obj: Mapping[str, Any]) -> bool:
    return not ExecutionView(obj).is_open_proposal
