"""Follows one execution to its end, or a whole collection as it changes, for whoever asked for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

from kubernaut.api.execution import Phase
from kubernaut.errors import ExpiredError, NotFoundError, RetryError, UnavailableError
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import Key, Object, key_of
from kubernaut.kube.resources import EXECUTIONS, Resource


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


async def listed(
    cluster: Cluster, resource: Resource, namespace: str | None, *, selector: str = ""
) -> tuple[dict[Key, Object], str]:
    """All objects of a namespace (None: of all), page by page; and the version from which a watch goes on."""
    found: dict[Key, Object] = {}
    more = ""
    while True:
        page = await cluster.list(resource, namespace, selector=selector, more=more)
        found |= {key_of(obj): obj for obj in page.items}
        more = page.more
        if not more:
            return found, page.resource_version


async def states_of(
    cluster: Cluster, resource: Resource, namespace: str | None, *, selector: str = "", patience_seconds: float = 30.0
) -> AsyncIterator[dict[Key, Object]]:
    """The whole collection now, and after each change, without end.

    Raises UnavailableError when the API server has not answered for so long.
    """
    loop = asyncio.get_running_loop()
    found, version, answered = dict[Key, Object](), "", loop.time()
    while True:
        try:
            if not version:
                found, version = await listed(cluster, resource, namespace, selector=selector)
                yield dict(found)
            async for event in cluster.watch(resource, version, namespace=namespace, selector=selector):
                version = event.object["metadata"]["resourceVersion"]
                if event.type == "BOOKMARK":
                    continue
                if event.type == "DELETED":
                    found.pop(key_of(event.object), None)
                else:
                    found[key_of(event.object)] = event.object
                yield dict(found)
            answered = loop.time()
        except ExpiredError:
            version = ""
        except RetryError as error:
            if loop.time() - answered > patience_seconds:
                raise UnavailableError(str(error)) from error
            await asyncio.sleep(0.5)
