"""Logs for machines (one JSON object a line) and for people."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

AUDIT_LOGGER = "kubernaut.audit"
"""Its lines are kept whatever the log level is: one for each start and one for each end."""

_about: ContextVar[Mapping[str, str]] = ContextVar("about", default={})  # noqa: B039 - never changed, only replaced


@contextmanager
def about(**facts: str) -> Iterator[None]:
    """Have every line that is logged in this block, and in tasks begun in it, carry these facts."""
    token = _about.set(facts)
    try:
        yield
    finally:
        _about.reset(token)


class JsonLines(logging.Formatter):
    """One object a line: time, level, logger, message, what the line is about, and whatever else the call named in `extra`."""

    _OWN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_about.get(),
            **{key: value for key, value in record.__dict__.items() if key not in self._OWN},
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


def log_to_stderr(level: str = "INFO", *, as_json: bool = True) -> None:
    """Send this process's logs to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        JsonLines() if as_json else logging.Formatter("%(asctime)s %(levelname)-7s %(message)s", "%H:%M:%S")
    )
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)


def keep_the_audit_log() -> None:
    """Have every audit line written, however few other lines are wanted."""
    logging.getLogger(AUDIT_LOGGER).setLevel(logging.INFO)
