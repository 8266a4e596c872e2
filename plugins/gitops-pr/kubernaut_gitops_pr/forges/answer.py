"""An answer of a forge: its JSON, read within bounds, and the forge's own explanation. What it contains has no token in it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn

from kubernaut_gitops_pr.quotation import quote

MAX_BYTES = 4 * 1024 * 1024
_MAX_REASON_LENGTH = 300
_MAX_TEXT_BYTES = 16 * 1024
_MAX_DEPTH = 50
_MAX_DIGITS = 10


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the forge."""

    code: int
    content: Any
    """What the JSON stands for, or the beginning of a text that is not JSON."""
    headers: Mapping[str, str]
    is_json: bool = True
    is_cut: bool = False
    """Whether it was too long to be read."""

    @classmethod
    def read(cls, code: int, raw: bytes, headers: Mapping[str, str], scrub: Callable[[str], str]) -> Answer:
        """Return the answer; `scrub` removes the token from a text. JSON that is nested too deeply or has NaN in it is none."""
        try:
            content = json.loads(raw, parse_constant=_refuse) if raw else {}
            return cls(code, _scrubbed(content, scrub, _MAX_DEPTH), headers)
        except (ValueError, RecursionError):
            text = scrub(raw[:_MAX_TEXT_BYTES].decode(errors="replace"))
            return cls(code, text, headers, is_json=False, is_cut=len(raw) > MAX_BYTES)

    @property
    def reason(self) -> str:
        """The forge's own explanation, in one line: GitHub has `message` and `errors`, GitLab `message` or `error`."""
        if not isinstance(self.content, dict):
            return quote(str(self.content), _MAX_REASON_LENGTH)
        parts = [self.content.get(key) for key in ("message", "error", "error_description", "errors")]
        return quote("; ".join(_one_line(part) for part in parts if part), _MAX_REASON_LENGTH)

    @property
    def is_transient(self) -> bool:
        """Whether another request may succeed. GitHub also answers 403 to too many requests, with headers that say so."""
        if self.code in {408, 425, 429} or self.code >= 500:
            return True
        limited = self.headers.get("x-ratelimit-remaining") == "0" or "retry-after" in self.headers
        return self.code == 403 and limited

    @property
    def requested_delay(self) -> float | None:
        """The seconds that the forge asks to wait, or None: `Retry-After` in seconds or as a date (RFC 9110), or a limit's reset."""
        after = self.headers.get("retry-after", "").strip()
        if (seconds := _number(after)) is not None:
            return seconds
        if (until := _date(after)) is not None:
            return max(0.0, until - time.time())
        reset = _number(self.headers.get("x-ratelimit-reset", "") or self.headers.get("ratelimit-reset", ""))
        if reset is not None and (self.headers.get("x-ratelimit-remaining") == "0" or self.code == 429):
            return max(0.0, reset - time.time()) + 1
        return None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _scrubbed(value: Any, scrub: Callable[[str], str], depth: int) -> Any:
    """Return the value with all its texts scrubbed. Raises ValueError if it is nested more deeply than `depth`."""
    if not depth:
        raise ValueError("nested too deeply")
    if isinstance(value, str):
        return scrub(value)
    if isinstance(value, dict):
        return {scrub(key): _scrubbed(inner, scrub, depth - 1) for key, inner in value.items()}
    return [_scrubbed(inner, scrub, depth - 1) for inner in value] if isinstance(value, list) else value


def _number(text: str) -> float | None:
    """Return a number of seconds, or None; one of more digits than any time has counts as the largest."""
    if not (text.isascii() and text.isdigit()):
        return None
    return float(text[:_MAX_DIGITS] if len(text) <= _MAX_DIGITS else "9" * _MAX_DIGITS)


def _date(text: str) -> float | None:
    """Return the time that a date names, in seconds since 1970, or None."""
    try:
        date = parsedate_to_datetime(text)
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _one_line(part: Any) -> str:
    if isinstance(part, dict):
        return ", ".join(f"{key}: {_one_line(value)}" for key, value in part.items() if key != "documentation_url")
    return ", ".join(map(_one_line, part)) if isinstance(part, list) else str(part)
