"""One request: a document in, a document out, or an error of the tree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aiohttp

from kubernaut.api.stages import StageRequest
from kubernaut.errors import KubernautError, TooLargeError, UnauthenticatedError, UnavailableError
from kubernaut.kube.api_errors import error_of
from kubernaut.kube.decoding import decode
from kubernaut.kube.transport import Connection, request_labels
from kubernaut.telemetry.stage_recorder import stage


async def request(
    connection: Connection,
    method: str,
    path: str,
    *,
    query: Mapping[str, str] | None = None,
    body: Mapping[str, Any] | None = None,
    max_bytes: int = 0,
) -> dict[str, Any]:
    """Return the answer, which is recorded as a stage.

    Raises TooLargeError if it has more than `max_bytes` (0: any number), UnavailableError if there is none or it cannot be read, and the
    error of its status code.
    """
    verb, resource = request_labels(method, path, query)
    with stage("request") as entry:
        entry.request = StageRequest(verb=verb, resource=resource)
        response = await connection.send(
            method, path, query=query, body=body, timeout=aiohttp.ClientTimeout(total=30, connect=10)
        )
        entry.request = StageRequest(verb=verb, resource=resource, code=response.status)
        try:
            data = await (_read_at_most(response, max_bytes) if max_bytes else response.read())
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise UnavailableError(f"{method} {path}: the answer broke off: {error}") from error
        if response.status >= 400:
            raise refusal(connection, response, data, method)
    try:
        document: dict[str, Any] = decode(data)
    except ValueError as error:
        raise UnavailableError(f"{method} {path}: the answer is not JSON: {data[:100]!r}") from error
    return document


def refusal(connection: Connection, response: aiohttp.ClientResponse, data: bytes, method: str) -> KubernautError:
    """Return the error of a refused request; where the API server does not know who asks, with whose credentials it was."""
    error = error_of(response.status, data, method, response.headers)
    if not isinstance(error, UnauthenticatedError):
        return error
    return UnauthenticatedError(
        f"the API server at {connection.host} does not accept the credentials of {connection.config.identity} (401 {error}); "
        "renew them or log in again"
    )


async def _read_at_most(response: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    data = bytearray()
    async for part in response.content.iter_any():
        data += part
        if len(data) > max_bytes:
            response.close()  # drops the connection, and with it the rest
            raise TooLargeError(f"the answer has more than {max_bytes} bytes: ask for fewer objects")
    return bytes(data)
