"""Watches for clients: one execution to its end, or a whole collection as it changes. The engine itself uses `kube.informer`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from kubernaut.api.view import ExecutionView
from kubernaut.errors import ExpiredError, NotFoundError, RetryError, UnauthenticatedError, UnavailableError
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import EXECUTIONS, Key, Object, Resource, key_of

DEFAULT_PATIENCE_SECONDS = 30.0
_RETRY_SECONDS = 0.5


def has_ended(obj: Mapping[str, Any]) -> bool:
    """Whether the end of this execution is recorded."""
    return ExecutionView(obj).has_ended


class Patience:
    """How long a client keeps asking an API server that does not answer."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.answered()

    def answered(self) -> None:
        """Report an answer: the time starts anew."""
        self._since = asyncio.get_running_loop().time()

    async def pause(self, error: RetryError, hint: str = "") -> None:
        """Wait before the next try. Raises UnavailableError, with the hint, once there was no answer for too long.

        Raises UnauthenticatedError at once: the credentials have been renewed before, and a person has to act.
        """
        if isinstance(error, UnauthenticatedError):
            raise UnauthenticatedError(f"{error}{hint}") from error
        if asyncio.get_running_loop().time() - self._since > self._seconds:
            raise UnavailableError(f"{error}{hint}") from error
        await asyncio.sleep(_RETRY_SECONDS)


async def follow(
    cluster: Cluster,
    key: Key,
    patience_seconds: float = DEFAULT_PATIENCE_SECONDS,
    *,
    until: Callable[[Mapping[str, Any]], bool] = has_ended,
) -> AsyncIterator[dict[str, Any]]:
    """Yield each state of the execution from now to its end, or to the first one that is as `until` says.

    Raises NotFoundError when it is deleted before that, and UnavailableError when the API server has not answered for
    `patience_seconds`; the execution continues all the same.
    """
    patience = Patience(patience_seconds)
    hint = f"; execution {key} continues: see it with kubectl get kex {key.name} -n {key.namespace}"
    while True:
        try:
            obj = await cluster.get(EXECUTIONS, key.namespace, key.name)
            patience.answered()
            yield obj
            if until(obj):
                return
            async for event in cluster.watch(EXECUTIONS, obj["metadata"]["resourceVersion"], namespace=key.namespace):
                if event.type == "BOOKMARK" or event.object["metadata"]["name"] != key.name:
                    continue
                if event.type == "DELETED":
                    raise NotFoundError(f"execution {key.name} was deleted before its end")
                yield event.object
                if until(event.object):
                    return
            patience.answered()
        except RetryError as error:
            await patience.pause(error, hint)


async def wait_for_end(cluster: Cluster, key: Key) -> dict[str, Any]:
    """Return the execution once it has ended. Raises as `follow` does."""
    last: dict[str, Any] = {}
    async for obj in follow(cluster, key):
        last = obj
    return last


async def list_by_key(
    cluster: Cluster, resource: Resource, namespace: str | None, *, selector: str = ""
) -> tuple[dict[Key, Object], str]:
    """Return all objects of a namespace (None: of all), and the version from which a watch continues."""
    page = await cluster.list_all(resource, namespace, selector=selector)
    return {key_of(obj): obj for obj in page.items}, page.resource_version


async def each(cluster: Cluster, resource: Resource, namespace: str, selector: str) -> AsyncIterator[Object]:
    """Yield the objects of a namespace with these labels, with one of them in memory at a time.

    Whoever may create one chooses its labels, and one of 1.5 MiB, etcd's limit, takes some 30 MiB once it is decoded.
    """
    more = ""
    while True:
        page = await cluster.list(resource, namespace, selector=selector, more=more, limit=1)
        for obj in page.items:
            yield obj
        if not (more := page.more):
            return


async def watch_collection(
    cluster: Cluster,
    resource: Resource,
    namespace: str | None,
    *,
    selector: str = "",
    patience_seconds: float = DEFAULT_PATIENCE_SECONDS,
) -> AsyncIterator[Mapping[Key, Object]]:
    """Yield the whole collection now and after each change, without end.

    Raises UnavailableError when the API server has not answered for `patience_seconds`.
    """
    patience = Patience(patience_seconds)
    found, version = dict[Key, Object](), ""
    while True:
        try:
            if not version:
                found, version = await list_by_key(cluster, resource, namespace, selector=selector)
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
            patience.answered()
        except ExpiredError:
            version = ""
        except RetryError as error:
            await patience.pause(error)
