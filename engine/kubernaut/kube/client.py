"""The engine's only door to Kubernetes: requests in, plain dicts or errors of `errors.py` out.

Objects stay raw JSON: typed models cost a quarter more CPU per request and three times as much per listed object, and the engine reads
few fields.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Self

import aiohttp

from kubernaut.errors import ConflictError, NotFoundError, TooLargeError, UnavailableError
from kubernaut.kube.answers import Page, WatchEvent, read_event
from kubernaut.kube.config.client_config import load_client_config
from kubernaut.kube.decoding import lines_of
from kubernaut.kube.objects import PODS, Resource
from kubernaut.kube.requests import refusal, request
from kubernaut.kube.transport import Connection, Observer

_WATCH_SECONDS = 50.0
"""The server ends a watch after this time; one that has not ended a little later is a dead connection."""
_WATCH_GRACE = 1.15

_PAGE_OBJECTS = 250
"""Of eight kilobytes, as executions and pods have with their managed fields, these are half of such a page."""
_PAGE_BYTES = 4 * 1024 * 1024
"""Of JSON; the worst of it takes some 25 times as much once it is decoded."""

_WRITE: dict[bool, dict[str, str]] = {
    False: {"fieldValidation": "Ignore"},
    True: {"fieldValidation": "Ignore", "dryRun": "All"},
}
"""Skips server-side field validation, which only warns of unknown fields and costs up to a third of a status write: these bodies are made
by code that is typed and tested."""


class Cluster:
    """A connection to one API server, as one identity. Use it as an async context manager."""

    def __init__(self, connection: Connection, watch_seconds: float = _WATCH_SECONDS) -> None:
        self.connection = connection
        self._watch_seconds = watch_seconds

    @classmethod
    async def connect(
        cls,
        kubeconfig: Path | Mapping[str, Any] | None = None,
        *,
        context: str = "",
        watch_seconds: float = _WATCH_SECONDS,
        observe: Observer | None = None,
    ) -> Self:
        """Return a client for a kubeconfig (file or document), else $KUBECONFIG or ~/.kube/config, else the pod's ServiceAccount.

        `context` is one of the kubeconfig, by default its current one. A watch that is silent for longer than about `watch_seconds` is
        restarted. `observe` is called after every request. Raises InputError when no configuration can be used.
        """
        return cls(Connection(load_client_config(kubeconfig, context), observe), watch_seconds)

    @property
    def host(self) -> str:
        """The API server's URL."""
        return self.connection.host

    @property
    def namespace(self) -> str:
        """The namespace where none is named: the context's, or the pod's own."""
        return self.connection.config.namespace

    async def __aenter__(self) -> Self:
        await self.connection.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.connection.__aexit__()

    async def get(self, resource: Resource, namespace: str | None, name: str) -> dict[str, Any]:
        """Read one object."""
        return await request(self.connection, "GET", resource.path(namespace, name))

    async def list(
        self,
        resource: Resource,
        namespace: str | None = None,
        *,
        selector: str = "",
        fields: str = "",
        more: str = "",
        limit: int = _PAGE_OBJECTS,
        max_bytes: int = 0,
    ) -> Page:
        """Return one page of at most `limit` objects; `more` continues after the page that it came with.

        Raises TooLargeError if the page has more than `max_bytes` (0: any number).
        """
        query = {"labelSelector": selector, "fieldSelector": fields, "limit": str(limit), "continue": more}
        answer = await request(self.connection, "GET", resource.path(namespace), query=query, max_bytes=max_bytes)
        metadata = answer["metadata"]
        return Page(answer.get("items") or [], metadata["resourceVersion"], metadata.get("continue", ""))

    async def list_all(
        self, resource: Resource, namespace: str | None = None, *, selector: str = "", fields: str = ""
    ) -> Page:
        """Return all objects of a namespace (None: of all), and the version from which a watch continues."""
        items: list[dict[str, Any]] = []
        version = ""
        async for page in self.pages(resource, namespace, selector=selector, fields=fields):
            items += page.items
            version = page.resource_version
        return Page(items, version, "")

    async def pages(
        self, resource: Resource, namespace: str | None = None, *, selector: str = "", fields: str = ""
    ) -> AsyncIterator[Page]:
        """Yield all objects of a namespace (None: of all) page by page. A page has at most 4 MiB, unless it holds a single object.

        Whoever may create an object decides how large it is, up to etcd's 1.5 MiB: twenty of them in one page would take 600 MiB.
        """
        more, limit = "", _PAGE_OBJECTS
        while True:
            try:
                page = await self.list(
                    resource,
                    namespace,
                    selector=selector,
                    fields=fields,
                    more=more,
                    limit=limit,
                    max_bytes=_PAGE_BYTES if limit > 1 else 0,
                )
            except TooLargeError:
                limit = max(1, limit // 4)
                continue
            yield page
            more, limit = page.more, min(_PAGE_OBJECTS, limit * 2)
            if not more:
                return

    async def create(
        self, resource: Resource, namespace: str | None, manifest: Mapping[str, Any], *, dry_run: bool = False
    ) -> dict[str, Any]:
        """Create an object and return it. Raises ExistsError where the name is taken."""
        return await request(self.connection, "POST", resource.path(namespace), body=manifest, query=_WRITE[dry_run])

    async def patch(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        patch: Mapping[str, Any],
        *,
        subresource: str | None = None,
        dry_run: bool = False,
    ) -> dict[str, Any]:
        """Send a JSON merge patch and return the object; a resourceVersion in it makes it conditional (ConflictError)."""
        path = resource.path(namespace, name, subresource)
        return await request(self.connection, "PATCH", path, query=_WRITE[dry_run], body=patch)

    async def delete(
        self, resource: Resource, namespace: str, name: str, *, uid: str, propagation: str = "Background"
    ) -> None:
        """Delete the object with this uid, and no other of the same name. One that is gone already is not an error."""
        options = {"preconditions": {"uid": uid}, "propagationPolicy": propagation}
        try:
            await request(self.connection, "DELETE", resource.path(namespace, name), body=options)
        except (NotFoundError, ConflictError):
            return

    async def watch(
        self, resource: Resource, version: str, *, namespace: str | None = None, selector: str = ""
    ) -> AsyncIterator[WatchEvent]:
        """Yield every change after `version`, with bookmarks, until the server ends the watch (within a minute).

        Raises ExpiredError when the version is too old, UnavailableError when the connection breaks or is silent for too long.
        """
        query = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": version,
            "timeoutSeconds": str(math.ceil(self._watch_seconds)),
            "labelSelector": selector,
        }
        timeout = aiohttp.ClientTimeout(total=self._watch_seconds * _WATCH_GRACE, connect=10)
        response = await self.connection.send("GET", resource.path(namespace), query=query, timeout=timeout)
        try:
            if response.status >= 400:
                raise refusal(self.connection, response, await response.read(), "watch")
            while line := await response.content.readline():
                yield read_event(line)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise UnavailableError(f"the watch of {resource.plural} broke: {type(error).__name__}: {error}") from error
        finally:
            response.close()

    async def log_lines(self, namespace: str, pod: str, container: str, *, follow: bool = False) -> AsyncIterator[str]:
        """Yield the lines that a container has written; with `follow`, also those that it will write, until it ends.

        Raises UnavailableError when the connection breaks before that.
        """
        query = {"container": container, "follow": "true" if follow else ""}
        timeout = aiohttp.ClientTimeout(total=None, connect=10, sock_read=None if follow else 30)
        response = await self.connection.send("GET", PODS.path(namespace, pod, "log"), query=query, timeout=timeout)
        try:
            if response.status >= 400:
                raise refusal(self.connection, response, await response.read(), "log")
            async for line in lines_of(response.content.iter_any()):
                yield line
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise UnavailableError(f"the log of pod {pod} broke off: {type(error).__name__}: {error}") from error
        finally:
            response.close()

    async def ready(self) -> None:
        """Return if the API server is ready; raises UnavailableError while it is not.

        One that has just started denies what is granted until it has read the grants: a denial is final only from one that is ready.
        """
        response = await self.connection.send("GET", "/readyz", timeout=aiohttp.ClientTimeout(total=10, connect=5))
        await response.read()
        if response.status != 200:
            raise UnavailableError(f"the API server at {self.host} is not ready yet: /readyz answers {response.status}")

    async def server_time(self) -> datetime:
        """Return the API server's own time, in whole seconds, from an answer's Date header (RFC 9110); it may refuse the request itself."""
        response = await self.connection.send("GET", "/version", timeout=aiohttp.ClientTimeout(total=10, connect=5))
        await response.read()
        try:
            return parsedate_to_datetime(response.headers["Date"])
        except (KeyError, ValueError) as error:
            raise UnavailableError(f"the API server at {self.host} answers without its time") from error

    async def preferred_version(self, group: str) -> str:
        """Return the version of an API group that the server prefers, such as `apps/v1`. Raises NotFoundError for an unknown group."""
        answer = await request(self.connection, "GET", f"/apis/{group}")
        return str(answer["preferredVersion"]["groupVersion"])

    async def version(self) -> dict[str, Any]:
        """Return the API server's version: `major`, `minor`, `gitVersion`."""
        return await request(self.connection, "GET", "/version")
