"""The benchmarks' own client: raw JSON over one connection pool, so that measuring costs little compared with what is measured."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
from kubernetes.aio import client, config

Object = dict[str, Any]

_WATCH_SECONDS = 300
_MAX_LINE_LENGTH = 2**24


class ApiError(Exception):
    """The API server answered with an error status."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text[:300]}")
        self.status = status


class Api:
    """A client with one identity for one API server; use it as an async context manager."""

    def __init__(self, server: str, ca_file: Path, context: ssl.SSLContext, authorization: str | None) -> None:
        self.server, self.ca_file = server, ca_file
        self._context = context
        self._headers = {"User-Agent": "kubernaut-bench", "Accept": "application/json"}
        if authorization:
            self._headers["Authorization"] = authorization

    @classmethod
    async def connect(cls, kubeconfig: Mapping[str, Any] | None = None) -> Self:
        """Return a client for this kubeconfig document, or for $KUBECONFIG or ~/.kube/config."""
        configuration = client.Configuration()
        if kubeconfig:
            await config.load_kube_config_from_dict(dict(kubeconfig), client_configuration=configuration)
        else:
            await config.load_kube_config(client_configuration=configuration)
        context = client.ApiClient(configuration).rest_client.ssl_context
        authorization = await configuration.get_api_key_with_prefix("BearerToken")
        return cls(configuration.host, Path(configuration.ssl_ca_cert), context, authorization)

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(ssl=self._context, limit=0)
        self._session = aiohttp.ClientSession(connector=connector, headers=self._headers, read_bufsize=_MAX_LINE_LENGTH)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def get(self, path: str, **query: str) -> Object:
        """Read an object or a list and return it."""
        return _object(await self._send("GET", path, query=query))

    async def text(self, path: str) -> str:
        """Read an answer that is not JSON and return it."""
        return (await self._send("GET", path)).decode()

    async def post(self, path: str, body: Mapping[str, Any]) -> Object:
        """Create an object and return it."""
        return _object(await self._send("POST", path, body))

    async def patch(self, path: str, body: Mapping[str, Any], kind: str = "merge") -> Object:
        """Patch an object and return it; `kind` is `merge` or `strategic-merge`."""
        return _object(await self._send("PATCH", path, body, content=f"application/{kind}-patch+json"))

    async def delete(self, path: str, **options: Any) -> None:
        """Delete an object, if it exists."""
        try:
            await self._send("DELETE", path, options)
        except ApiError as error:
            if error.status != 404:
                raise

    async def exists(self, path: str) -> bool:
        """Whether there is an object, or a kind, at this path."""
        try:
            await self._send("GET", path)
        except ApiError as error:
            if error.status == 404:
                return False
            raise
        return True

    async def watch(self, path: str, version: str, **query: str) -> AsyncIterator[tuple[str, Object]]:
        """Yield the type and object of every change after `version`, until the server ends the watch."""
        query = {**query, "watch": "1", "resourceVersion": version, "timeoutSeconds": str(_WATCH_SECONDS)}
        timeout = aiohttp.ClientTimeout(total=None, connect=10)
        async with self._session.get(self.server + path, params=query, timeout=timeout) as response:
            if response.status >= 400:
                raise ApiError(response.status, await response.text())
            async for line in response.content:
                event = json.loads(line)
                yield event["type"], event["object"]

    async def _send(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, str] | None = None,
        content: str = "application/json",
    ) -> bytes:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": content}
        url = self.server + path
        async with self._session.request(method, url, params=query, data=data, headers=headers) as response:
            answer = await response.read()
            if response.status >= 400:
                raise ApiError(response.status, answer.decode(errors="replace"))
            return answer


def _object(data: bytes) -> Object:
    found: Object = json.loads(data)
    return found
