"""Follows one execution to its end, for whoever asked for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

from kubernaut.cluster import Cluster
from kubernaut.errors import NotFoundError, RetryError, UnavailableError
from kubernaut.execution import Phase
from kubernaut.informer import Key
from kubernaut.resources import EXECUTIONS


def has_ended(obj: Mapping[str, Any]) -> bool:
    """Is its end recorded?"""
    phase = obj.get("status", {}).get("phase")
    return bool(phase) and Phase(phase).ended


async def follow(cluster: Cluster, key: Key, patience_seconds: float = 30.0) -> AsyncIterator[dict[str, Any]]:
    """Each state of the execution from now to its end.

    Raises NotFoundError when it is deleted before that, and UnavailableError when the API server has not answered for so long; the
    execution goes on all the same.
    """
    loop = asyncio.get_running_loop()
    answered = loop.time()
    while True:
        try:
            obj = await cluster.get(EXECUTIONS, key.namespace, key.name)
            answered = loop.time()
            yield obj
            if has_ended(obj):
                return
            async for event in cluster.watch(EXECUTIONS, obj["metadata"]["resourceVersion"], namespace=key.namespace):
                if event.type == "BOOKMARK" or event.object["metadata"]["name"] != key.name:
                    continue
                if event.type == "DELETED":
                    raise NotFoundError(f"execution {key.name} was deleted before its end")
                yield event.object
                if has_ended(event.object):
                    return
            answered = loop.time()
        except RetryError as error:
            if loop.time() - answered > patience_seconds:
                raise UnavailableError(
                    f"{error}; execution {key} goes on: look again with kubectl get kex {key.name} -n {key.namespace}"
                ) from error
            await asyncio.sleep(0.5)


async def end_of(cluster: Cluster, key: Key) -> dict[str, Any]:
    """The execution once it has ended."""
    last: dict[str, Any] = {}
    async for obj in follow(cluster, key):
        last = obj
    return last
