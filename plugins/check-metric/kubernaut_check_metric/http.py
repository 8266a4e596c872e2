"""One GET request: bounded in time and size, verified, and never redirected, so that the credential goes nowhere else.

It uses `http.client`, as a step lives for a tenth of a second otherwise: importing urllib3 alone costs as much CPU as all of the rest.
"""

from __future__ import annotations

import http.client
import ssl
import threading
from urllib.parse import urlsplit

MAX_BYTES = 1024 * 1024
MAX_SECONDS = 30.0
"""How long a request may take from its start to the end of the answer."""
_WAIT_SECONDS = 10.0
"""How long one wait for the network may take."""


class NoAnswer(Exception):  # noqa: N818 - what happened, as in kubernaut.runner
    """There was no complete answer."""


class Untrusted(NoAnswer):
    """The certificate of the server could not be verified."""


class Answer:
    """An answer; `body` is cut one byte after the most that is read."""

    def __init__(self, status: int, body: bytes, location: str = "") -> None:
        self.status, self.body, self.location = status, body, location

    @property
    def is_cut(self) -> bool:
        """Whether it is longer than what is read of it."""
        return len(self.body) > MAX_BYTES


def get(url: str, headers: dict[str, str], context: ssl.SSLContext | None) -> Answer:
    """Return the answer, whatever its status. Raises NoAnswer, or Untrusted.

    It runs in a thread of its own: the timeouts of a socket limit each wait for the network, and not the whole.
    """
    answers: list[Answer] = []
    errors: list[Exception] = []

    def work() -> None:
        try:
            answers.append(_get(url, headers, context))
        except Exception as error:  # noqa: BLE001 - it is raised again in the caller's thread
            errors.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(MAX_SECONDS)
    if answers:
        return answers[0]
    if not errors:
        raise NoAnswer(f"no complete answer within {MAX_SECONDS:g} s")
    (error,) = errors
    if isinstance(error, ssl.SSLCertVerificationError):
        raise Untrusted(error.verify_message or str(error)) from error
    if isinstance(error, OSError | http.client.HTTPException | UnicodeError):
        raise NoAnswer(str(error) or type(error).__name__) from error
    raise error


def _get(url: str, headers: dict[str, str], context: ssl.SSLContext | None) -> Answer:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port
    connection = (
        http.client.HTTPSConnection(host, port, timeout=_WAIT_SECONDS, context=context)
        if parts.scheme == "https"
        else http.client.HTTPConnection(host, port, timeout=_WAIT_SECONDS)
    )
    try:
        connection.connect()
        connection.sock.settimeout(MAX_SECONDS)
        connection.request("GET", f"{parts.path}?{parts.query}", headers={**headers, "Connection": "close"})
        response = connection.getresponse()
        body = response.read(MAX_BYTES + 1)
        if response.length and len(body) <= MAX_BYTES:  # `read` with a size does not report that the rest never came
            raise http.client.IncompleteRead(body, response.length)
        return Answer(response.status, body, response.getheader("Location", ""))
    finally:
        connection.close()
