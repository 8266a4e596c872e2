"""The connection to the API server: kept open, verified against the cluster's own authority, and retried where that is safe.

It uses `http.client`, as a step lives for a tenth of a second: importing urllib3 alone costs as much CPU as all of the rest.
"""

from __future__ import annotations

import http.client
import select
import ssl
import time

from kubernaut.runner import pod
from kubernaut.runner.answers import BROKEN, Answer
from kubernaut.runner.exceptions import TryAgain, Unanswered

_CONNECT_SECONDS, _READ_SECONDS = 5.0, 30.0
_PAUSES = (0.0, 0.5, 1.0, 2.0)
"""Seconds before each further try; the API server's `Retry-After` replaces one that is shorter."""
_MAX_PAUSE = 10.0
_BUSY = (429, 503)
"""The request was turned away before anything was done."""


class Connection:
    """Sends requests, one after the other, to the API server that the pod's environment names."""

    def __init__(self) -> None:
        self._open: http.client.HTTPSConnection | None = None

    def request(self, method: str, path: str, headers: dict[str, str], body: str | None, *, again: bool) -> Answer:
        """Send a request, and up to four times again while the server is busy or cannot be reached.

        `again` says that it is safe to carry out twice. Otherwise one that was sent but not answered raises Unanswered at once, and an
        answer with one of the codes in BROKEN is returned. So is always the refusal of an eviction by a PodDisruptionBudget. A server that
        cannot be reached raises TryAgain.
        """
        temporary = (*_BUSY, *BROKEN) if again else _BUSY
        for pause in (*_PAUSES, None):
            try:
                answer = self._send(method, path, headers, body)
            except TryAgain as failure:
                self.close()
                if pause is None or (isinstance(failure, Unanswered) and not again):
                    raise
                time.sleep(pause)
            else:
                if pause is None or answer.status not in temporary or answer.is_disruption_budget():
                    return answer
                time.sleep(max(pause, min(answer.retry_after, _MAX_PAUSE)))
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def _send(self, method: str, path: str, headers: dict[str, str], body: str | None) -> Answer:
        connection = self._connect()
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return Answer(response.status, response.read(), response.getheader("Retry-After", ""))
        except (OSError, http.client.HTTPException) as error:
            raise Unanswered(_no_answer(error)) from error

    def _connect(self) -> http.client.HTTPSConnection:
        if self._open is None or _is_closed(self._open):
            self.close()
            try:
                self._open = _open_connection()
            except OSError as error:
                raise TryAgain(_no_answer(error)) from error
        return self._open


def _open_connection() -> http.client.HTTPSConnection:
    host, port = pod.api_address()
    trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # verifies the certificate and its name
    trusted.load_verify_locations(pod.ca_file())
    connection = http.client.HTTPSConnection(host, port, timeout=_CONNECT_SECONDS, context=trusted)
    connection.connect()
    connection.sock.settimeout(_READ_SECONDS)
    return connection


def _is_closed(connection: http.client.HTTPSConnection) -> bool:
    """Whether the server has closed it: between two requests there is nothing else to read."""
    return connection.sock is None or bool(select.select([connection.sock], [], [], 0)[0])


def _no_answer(error: Exception) -> str:
    return f"no answer from the API server at {pod.api_server()}: {str(error) or type(error).__name__}"
