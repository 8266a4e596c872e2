"""Logs for machines (one JSON object a line) and for people."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

from kubernaut.printable import escape_harmful, printable

AUDIT_LOGGER = "kubernaut.audit"
"""Its lines are written whatever the log level is: one for each start and one for each end."""

_WEB_LOGGER, _BAD_REQUESTS = "aiohttp.server", "aiohttp.http_exceptions"
"""The logger of aiohttp's servers, and the module of its errors about requests that are not HTTP."""

_context: ContextVar[Mapping[str, str]] = ContextVar("log_context", default={})  # noqa: B039 - never changed, only replaced


@contextmanager
def log_context(**facts: str) -> Iterator[None]:
    """Add these facts to every line that is logged in this block, and in tasks started in it."""
    token = _context.set(facts)
    try:
        yield
    finally:
        _context.reset(token)


class JsonLines(logging.Formatter):
    """One object a line: time, level, logger, message, the facts of `log_context`, and those that the call gave as `extra`."""

    _OWN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as JSON."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_context.get(),
            **{key: value for key, value in record.__dict__.items() if key not in self._OWN},
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return escape_harmful(json.dumps(line, default=str, ensure_ascii=False))


class PlainLines(logging.Formatter):
    """Lines for people."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(message)s", "%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as text that cannot steer a terminal."""
        return printable(super().format(record))


def log_to_stderr(level: str = "INFO", *, as_json: bool = True) -> None:
    """Send this process's logs to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if as_json else PlainLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.getLogger(_WEB_LOGGER).addFilter(_is_not_a_bad_request)


def _is_not_a_bad_request(record: logging.LogRecord) -> bool:
    """Drop what aiohttp logs of a request that is not HTTP: an error with the bytes that a stranger sent, a token among them."""
    error = record.exc_info[1] if record.exc_info else None
    return type(error).__module__ != _BAD_REQUESTS


def keep_audit_log() -> None:
    """Write every audit line, whatever the log level is."""
    logging.getLogger(AUDIT_LOGGER).setLevel(logging.INFO)
