"""The engine's only door to Kubernetes: requests in, plain dicts or errors of `errors.py` out.

Objects stay raw JSON: typed models cost a quarter more CPU per request and three times as much per listed object, and the engine reads
few fields. `kubernetes.aio` brings configuration, credentials (and their renewal), TLS and connections.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import aiohttp
import yaml

from kubernaut.answers import error_of
from kubernaut.decoding import decoded, lines_of
from kubernaut.errors import (
    ConflictError,
    InputError,
    NotFoundError,
    UnavailableError,
)
from kubernaut.resources import PODS, Resource
from kubernaut.timeline import stage

if TYPE_CHECKING:
    from kubernetes.aio import client

_WATCH_SECONDS = 50.0
"""The server ends a watch after this time; one that has not ended a little later is a dead connection."""
_WATCH_GRACE = 1.15
_MERGE_PATCH = "application/merge-patch+json"


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list."""

    items: list[dict[str, Any]]
    resource_version: str
    more: str


@dataclass(frozen=True, slots=True)
class WatchEvent:
    """One line of a watch."""

    type: Literal["ADDED", "MODIFIED", "DELETED", "BOOKMARK"]
    object: dict[str, Any]


class Cluster:
    """A connection to one API server, as one identity. Use it as an async context manager."""

    def __init__(self, configuration: client.Configuration, watch_seconds: float = _WATCH_SECONDS) -> None:
        self.host: str = configuration.host
        self._watch_seconds = watch_seconds
        self._configuration = configuration
        self._client: client.ApiClient | None = None
        self.observe: Callable[[str, str, int], None] = lambda _verb, _resource, _code: None
        """Told of every request: verb, resource, and HTTP code (0: no answer)."""

    @classmethod
    async def connect(
        cls, kubeconfig: Path | Mapping[str, Any] | None = None, *, watch_seconds: float = _WATCH_SECONDS
    ) -> Self:
        """From a kubeconfig (file or document), else $KUBECONFIG or ~/.kube/config, else the pod's own ServiceAccount.

        A watch that is silent for longer than about `watch_seconds` is begun anew.
        Raises InputError when none of them can be used.
        """
        from kubernetes.aio import client, config  # noqa: PLC0415 - half a second that offline commands need not wait for

        configuration = client.Configuration()
        try:
            if isinstance(kubeconfig, Mapping):
                await config.load_kube_config_from_dict(dict(kubeconfig), client_configuration=configuration)
            elif kubeconfig is None and _in_cluster():
                config.load_incluster_config(client_configuration=configuration)
            else:
                await config.load_kube_config(
                    str(kubeconfig) if kubeconfig else None, client_configuration=configuration
                )
        except (
            config.ConfigException,
            yaml.YAMLError,
            OSError,
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
        ) as error:
            raise InputError(
                f"no usable kubeconfig: {error}; set KUBECONFIG, or start one with `kubernaut sandbox`"
            ) from error
        return cls(configuration, watch_seconds)

    async def __aenter__(self) -> Self:
        from kubernetes.aio import client  # noqa: PLC0415 - see connect

        self._client = client.ApiClient(self._configuration)
        self._client.user_agent = "kubernaut-engine"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._client:
            await self._client.close()

    async def get(self, resource: Resource, namespace: str | None, name: str) -> dict[str, Any]:
        """Read one object."""
        return await self._request("GET", resource.path(namespace, name))

    async def list(
        self,
        resource: Resource,
        namespace: str | None = None,
        *,
        selector: str = "",
        fields: str = "",
        more: str = "",
        limit: int = 500,
    ) -> Page:
        """One page of at most `limit` objects; `more` is the previous page's."""
        query = {"labelSelector": selector, "fieldSelector": fields, "limit": str(limit), "continue": more}
        answer = await self._request("GET", resource.path(namespace), query=query)
        metadata = answer["metadata"]
        return Page(answer.get("items") or [], metadata["resourceVersion"], metadata.get("continue", ""))

    async def create(
        self, resource: Resource, namespace: str | None, manifest: Mapping[str, Any], *, dry_run: bool = False
    ) -> dict[str, Any]:
        """Create an object; raises ExistsError where the name is taken."""
        query = {"dryRun": "All"} if dry_run else {}
        return await self._request("POST", resource.path(namespace), body=manifest, query=query)

    async def patch(
        self, resource: Resource, namespace: str, name: str, patch: Mapping[str, Any], *, subresource: str | None = None
    ) -> dict[str, Any]:
        """Send a JSON merge patch; a resourceVersion in it makes it conditional (ConflictError)."""
        return await self._request("PATCH", resource.path(namespace, name, subresource), body=patch)

    async def delete(
        self, resource: Resource, namespace: str, name: str, *, uid: str, propagation: str = "Background"
    ) -> None:
        """Delete the object with this uid, and no other of the same name; one that is gone already is fine."""
        options = {"preconditions": {"uid": uid}, "propagationPolicy": propagation}
        try:
            await self._request("DELETE", resource.path(namespace, name), body=options)
        except (NotFoundError, ConflictError):
            return

    async def watch(
        self, resource: Resource, version: str, *, namespace: str | None = None, selector: str = ""
    ) -> AsyncIterator[WatchEvent]:
        """Every change after `version`, with bookmarks, until the server ends the watch (within a minute).

        Raises ExpiredError when the version is too old, UnavailableError when the connection breaks or falls silent.
        """
        query = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": version,
            "timeoutSeconds": str(math.ceil(self._watch_seconds)),
            "labelSelector": selector,
        }
        timeout = aiohttp.ClientTimeout(total=self._watch_seconds * _WATCH_GRACE, connect=10)
        response = await self._send("GET", resource.path(namespace), query=query, timeout=timeout)
        try:
            if response.status >= 400:
                raise error_of(response.status, await response.read(), "watch", response.headers)
            while line := await response.response.content.readline():
                yield _event(line)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise UnavailableError(f"the watch of {resource.plural} broke: {type(error).__name__}: {error}") from error
        finally:
            response.response.close()

    async def log_lines(self, namespace: str, pod: str, container: str, *, follow: bool = False) -> AsyncIterator[str]:
        """What a container has written, line by line; with `follow`, also what it will write, to its end.

        Raises UnavailableError when the connection breaks before that.
        """
        query = {"container": container, "follow": "true" if follow else ""}
        timeout = aiohttp.ClientTimeout(total=None, connect=10, sock_read=None if follow else 30)
        response = await self._send("GET", PODS.path(namespace, pod, "log"), query=query, timeout=timeout)
        try:
            if response.status >= 400:
                raise error_of(response.status, await response.read(), "log", response.headers)
            async for line in lines_of(response.response.content.iter_any()):
                yield line
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise UnavailableError(f"the log of pod {pod} broke off: {type(error).__name__}: {error}") from error
        finally:
            response.response.close()

    async def ready(self) -> None:
        """Return if the API server has caught up with its own store; raises UnavailableError while it has not.

        One that has just started denies what is granted until it has read the grants: a no is final only from one that is ready.
        """
        response = await self._send("GET", "/readyz", timeout=aiohttp.ClientTimeout(total=10, connect=5))
        await response.read()
        if response.status != 200:
            raise UnavailableError(f"the API server at {self.host} is not ready yet: /readyz answers {response.status}")

    async def version(self) -> dict[str, Any]:
        """What the API server says it is: `major`, `minor`, `gitVersion`."""
        return await self._request("GET", "/version")

    async def _request(
        self, method: str, path: str, *, query: Mapping[str, str] | None = None, body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        told = " ".join(_told(method, path, query))
        with stage("request", told) as noted:
            response = await self._send(
                method, path, query=query, body=body, timeout=aiohttp.ClientTimeout(total=30, connect=10)
            )
            noted.detail = f"{told} {response.status}"
            try:
                data: bytes = await response.read()
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                raise UnavailableError(f"{method} {path}: the answer broke off: {error}") from error
            if response.status >= 400:
                raise error_of(response.status, data, method, response.headers)
        try:
            answer: dict[str, Any] = decoded(data)
        except ValueError as error:
            raise UnavailableError(f"{method} {path}: the answer is no JSON: {data[:100]!r}") from error
        return answer

    async def _send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - passed on to the client, which keeps it
    ) -> Any:
        if self._client is None:
            raise RuntimeError("use `async with cluster`")
        headers = {
            "Accept": "application/json",
            "Content-Type": _MERGE_PATCH if method == "PATCH" else "application/json",
        }
        parameters = [(key, value) for key, value in (query or {}).items() if value]
        try:
            serialized = await self._client.param_serialize(
                method, path, query_params=parameters, header_params=headers, body=body, auth_settings=["BearerToken"]
            )
            response = await self._client.call_api(*serialized, _request_timeout=timeout)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self.observe(*_told(method, path, query), 0)
            raise UnavailableError(
                f"no answer from the API server at {self.host}: {error or type(error).__name__}"
            ) from error
        self.observe(*_told(method, path, query), response.status)
        return response


def _in_cluster() -> bool:
    return "KUBERNETES_SERVICE_HOST" in os.environ and "KUBECONFIG" not in os.environ


def _told(method: str, path: str, query: Mapping[str, str] | None) -> tuple[str, str]:
    """Verb and resource of a request, as metrics name them: no object's name in it."""
    parts = path.strip("/").split("/")
    parts = parts[3:] if parts[0] == "apis" else parts[2:]
    if parts[:1] == ["namespaces"] and len(parts) > 2:
        parts = parts[2:]
    resource = "/".join([*parts[:1], *parts[2:3]])
    return ("WATCH" if query and query.get("watch") else method), resource or path


def _event(line: bytes) -> WatchEvent:
    event = decoded(line)
    if event["type"] == "ERROR":
        status = event["object"]
        raise error_of(int(status.get("code", 500)), json.dumps(status).encode(), "watch", {})
    return WatchEvent(event["type"], event["object"])
