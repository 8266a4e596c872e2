"""The HTTP transport: sends requests to an endpoint with a credential, and once more with a newer one where the API server answers 401.

`kube.client_config` says where to and as whom. Official clients are not used: their Python one ignores `tls-server-name`, asks a credential
plugin once and never again, and costs more for each request than the request itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Self
from urllib.parse import urlencode

import aiohttp
from pydantic_core import to_json

from kubernaut.errors import UnavailableError
from kubernaut.kube.config.client_config import ClientConfig
from kubernaut.kube.config.credentials import Credential
from kubernaut.kube.socks import SOCKS_SCHEMES, SocksConnector

_MERGE_PATCH = "application/merge-patch+json"
_MAX_CONNECTIONS = 100
_BUFFER_BYTES = 2**21
"""The longest line of a watch that is read in one piece: an object of 1.5 MiB, etcd's limit, fits."""

Observer = Callable[[str, str, int], None]
"""Called after every request with its verb, its resource, and its HTTP status code (0: no answer)."""


class Connection:
    """A connection to one API server, as one identity. Use it as an async context manager."""

    def __init__(self, config: ClientConfig, observe: Observer | None = None) -> None:
        """`observe` is called after every request."""
        self.config = config
        self.host: str = config.endpoint.server
        self._session: aiohttp.ClientSession | None = None
        self._observe: Observer = observe or (lambda _verb, _resource, _code: None)

    async def __aenter__(self) -> Self:
        proxy = self.config.endpoint.proxy
        is_socks = proxy.startswith(SOCKS_SCHEMES)
        self._session = aiohttp.ClientSession(
            connector=SocksConnector(proxy, _MAX_CONNECTIONS)
            if is_socks
            else aiohttp.TCPConnector(limit=_MAX_CONNECTIONS),
            proxy=None if is_socks else proxy or None,
            headers=self._headers(),
            read_bufsize=_BUFFER_BYTES,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.config.credentials.close()
        if self._session:
            await self._session.close()

    async def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - passed on to the session, which keeps it
    ) -> aiohttp.ClientResponse:
        """Return the response, whatever its status code; a request that is answered with 401 is repeated once with a new credential.

        Raises UnavailableError where there is no response, UnauthenticatedError or InputError where there is no credential.
        """
        given = {key: value for key, value in (query or {}).items() if value}
        url = f"{self.host}{path}?{urlencode(given)}" if given else f"{self.host}{path}"
        data = None if body is None else encode(body)
        labels = request_labels(method, path, query)
        credential = await self.config.credentials.current()
        response = await self._send_as(credential, method, url, data, timeout, labels)
        if response.status != 401:
            return response
        try:
            renewed = await self.config.credentials.renew(credential)
        except BaseException:
            response.release()
            raise
        if renewed == credential:
            return response
        response.release()
        return await self._send_as(renewed, method, url, data, timeout, labels)

    async def _send_as(
        self,
        credential: Credential,
        method: str,
        url: str,
        data: bytes | None,
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - see send
        labels: tuple[str, str],
    ) -> aiohttp.ClientResponse:
        if self._session is None:
            raise RuntimeError("use `async with`")
        endpoint, headers = self.config.endpoint, dict[str, str]()
        if credential.authorization:
            headers["Authorization"] = credential.authorization
        if data is not None:
            headers["Content-Type"] = _MERGE_PATCH if method == "PATCH" else "application/json"
        try:
            response = await self._session.request(
                method,
                url,
                data=data,
                headers=headers,
                timeout=timeout,
                allow_redirects=False,  # an API server never redirects, and no credential follows one that pretends
                ssl=endpoint.tls.context(credential.certificate) if endpoint.tls else True,
                server_hostname=endpoint.tls_server_name or None,
            )
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self._observe(*labels, 0)
            raise UnavailableError(f"no answer from the API server at {self.host}: {_reason(error)}") from error
        self._observe(*labels, response.status)
        return response

    def _headers(self) -> list[tuple[str, str]]:
        encoding = [] if self.config.endpoint.compression else [("Accept-Encoding", "identity")]
        return [
            ("Accept", "application/json"),
            ("User-Agent", "kubernaut-engine"),
            *encoding,
            *self.config.impersonation,
        ]


def _reason(error: Exception) -> str:
    """Return why there is no response, without what aiohttp says about its own objects."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        certificate_error = error.certificate_error
        return f"its certificate is not valid: {getattr(certificate_error, 'verify_message', '') or certificate_error}"
    if isinstance(error, aiohttp.ClientConnectorError):
        return error.os_error.strerror or str(error.os_error)
    return str(error) or type(error).__name__


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
