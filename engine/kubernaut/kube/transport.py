"""The HTTP transport: address, TLS, credentials and their renewal come from `kubernetes.aio`, the connection pool from aiohttp.

The generated client is not used for requests: it copies every body twice and looks for proxies and netrc files each time, which together
cost more than the request itself.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlencode
from urllib.request import getproxies

import aiohttp
import yaml
from pydantic_core import to_json

from kubernaut.errors import InputError, UnavailableError

if TYPE_CHECKING:
    from kubernetes.aio import client

_MERGE_PATCH = "application/merge-patch+json"
_BUFFER_BYTES = 2**21
"""The longest line of a watch that is read in one piece: an object of 1.5 MiB, etcd's limit, fits."""

Observer = Callable[[str, str, int], None]
"""Called after every request with its verb, its resource, and its HTTP status code (0: no answer)."""


class Connection:
    """A connection to one API server, as one identity. Use it as an async context manager."""

    def __init__(self, configuration: client.Configuration, observe: Observer | None = None) -> None:
        self.host: str = configuration.host
        self.configuration = configuration
        self._client: client.ApiClient | None = None
        self._session: aiohttp.ClientSession | None = None
        self._observe: Observer = observe or (lambda _verb, _resource, _code: None)

    @classmethod
    async def configured(
        cls, kubeconfig: Path | Mapping[str, Any] | None = None, observe: Observer | None = None
    ) -> Self:
        """Return a connection for a kubeconfig (file or document), else $KUBECONFIG or ~/.kube/config, else the pod's ServiceAccount.

        `observe` is called after every request. Raises InputError when no configuration can be used.
        """
        from kubernetes.aio import client, config  # noqa: PLC0415 - costs offline commands half a second

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
        return cls(configuration, observe)

    async def __aenter__(self) -> Self:
        from kubernetes.aio import client  # noqa: PLC0415 - see configured

        self._client = client.ApiClient(self.configuration)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=self.configuration.connection_pool_maxsize, ssl=self._client.rest_client.ssl_context
            ),
            headers={"Accept": "application/json", "User-Agent": "kubernaut-engine"},
            proxy=self.configuration.proxy or None,
            trust_env=bool(getproxies()),
            read_bufsize=_BUFFER_BYTES,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        for opened in (self._session, self._client):
            if opened:
                await opened.close()

    async def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - passed on to the session, which keeps it
    ) -> aiohttp.ClientResponse:
        """Return the response, whatever its status code; raises UnavailableError where there is none."""
        if self._client is None or self._session is None:
            raise RuntimeError("use `async with`")
        headers: dict[str, str] = {}
        if body is not None:
            headers["Content-Type"] = _MERGE_PATCH if method == "PATCH" else "application/json"
        given = {key: value for key, value in (query or {}).items() if value}
        url = f"{self.host}{path}?{urlencode(given)}" if given else f"{self.host}{path}"
        try:
            await self._client.update_params_for_auth(headers, [], ["BearerToken"], path, method, None)
            response = await self._session.request(
                method, url, data=None if body is None else encode(body), headers=headers, timeout=timeout
            )
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self._observe(*request_labels(method, path, query), 0)
            raise UnavailableError(
                f"no answer from the API server at {self.host}: {error or type(error).__name__}"
            ) from error
        self._observe(*request_labels(method, path, query), response.status)
        return response


def _in_cluster() -> bool:
    return "KUBERNETES_SERVICE_HOST" in os.environ and "KUBECONFIG" not in os.environ


def encode(body: Mapping[str, Any]) -> bytes:
    """Return the document as JSON."""
    try:
        return to_json(body)  # pydantic's encoder takes a quarter of the time of Python's own
    except ValueError:
        return json.dumps(body).encode()  # nested too deeply for it, or a surrogate that it rejects


def request_labels(method: str, path: str, query: Mapping[str, str] | None) -> tuple[str, str]:
    """Return verb and resource of a request, as metrics and traces label them: no object's name is in them."""
    parts = path.strip("/").split("/")
    parts = parts[3:] if parts[0] == "apis" else parts[2:]
    if parts[:1] == ["namespaces"] and len(parts) > 2:
        parts = parts[2:]
    resource = "/".join([*parts[:1], *parts[2:3]])
    return ("WATCH" if query and query.get("watch") else method), resource or path
