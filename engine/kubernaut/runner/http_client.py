"""The connection to the API server: kept open, verified against the cluster's own authority, patient where that is safe.

It stands on `http.client`, as a step lives for a tenth of a second: importing urllib3 alone costs as much CPU as all of the rest.
"""

from __future__ import annotations

import http.client
import select
import ssl
import time

from kubernaut.runner import pod
from kubernaut.runner.exceptions import TryAgain, Unanswered

_CONNECT_SECONDS, _READ_SECONDS = 5.0, 30.0
_PAUSES = (0.0, 0.5, 1.0, 2.0)
"""Seconds before each further try; the API server's own `Retry-After` counts where it is longer."""
_LONGEST_PAUSE = 10.0
_BUSY = (429, 503)
"""Turned away before anything was done."""
BROKEN = (500, 502, 504)
"""Failed on the way, as when etcd did not answer in time: what was asked for may have been carried out all the same."""


class Answer:
    """What the API server answered."""

    def __init__(self, status: int, data: bytes, retry_after: str = "") -> None:
        self.status, self.data = status, data
        self.wanted_pause = float(retry_after) if retry_after.isdecimal() else 0.0
        """Seconds, as `Retry-After` says."""


class Connection:
    """Sends one request after the other to the API server that this pod was told of."""

    def __init__(self) -> None:
        self._kept: http.client.HTTPSConnection | None = None

    def ask(self, method: str, path: str, headers: dict[str, str], body: str | None, *, again: bool) -> Answer:
        """Send a request, and again while the server is too busy or out of reach, four times at most.

        `again` says that it may be carried out twice. Where it may not, one that was sent but not answered raises Unanswered at once,
        and the answer that it broke on the way is handed on. A server that cannot be reached raises TryAgain.
        """
        passing = (*_BUSY, *BROKEN) if again else _BUSY
        for pause in (*_PAUSES, None):
            try:
                answer = self._asked(method, path, headers, body)
            except TryAgain as failure:
                self.close()
                if pause is None or (isinstance(failure, Unanswered) and not again):
                    raise
                time.sleep(pause)
            else:
                if pause is None or answer.status not in passing:
                    return answer
                time.sleep(max(pause, min(answer.wanted_pause, _LONGEST_PAUSE)))
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Hang up; the next request connects anew."""
        if self._kept is not None:
            self._kept.close()
            self._kept = None

    def _asked(self, method: str, path: str, headers: dict[str, str], body: str | None) -> Answer:
        connection = self._connected()
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return Answer(response.status, response.read(), response.getheader("Retry-After", ""))
        except (OSError, http.client.HTTPException) as error:
            raise Unanswered(_told(error)) from error

    def _connected(self) -> http.client.HTTPSConnection:
        if self._kept is None or _is_closed(self._kept):
            self.close()
            try:
                self._kept = _opened()
            except OSError as error:
                raise TryAgain(_told(error)) from error
        return self._kept


def _opened() -> http.client.HTTPSConnection:
    host, port = pod.api_address()
    trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # verifies the certificate and its name
    trusted.load_verify_locations(pod.ca_file())
    connection = http.client.HTTPSConnection(host, port, timeout=_CONNECT_SECONDS, context=trusted)
    connection.connect()
    connection.sock.settimeout(_READ_SECONDS)
    return connection


def _is_closed(connection: http.client.HTTPSConnection) -> bool:
    """Between two requests a server has nothing to say but that it hangs up."""
    return connection.sock is None or bool(select.select([connection.sock], [], [], 0)[0])


def _told(error: Exception) -> str:
    return f"no answer from the API server at {pod.api_server()}: {str(error) or type(error).__name__}"
