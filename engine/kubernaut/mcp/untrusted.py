"""What others wrote into the cluster, on its way to an agent: without control characters, bounded, and with a note of what was cut.

A name, a message, a log line or a value of a ConfigMap may have been written to be read by an agent. No wording is looked for: all of it
travels in fields called `untrusted`, which the server's instructions declare to be data.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from kubernaut.printable import printable

T = TypeVar("T")
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
MAX_TEXT, MAX_VALUE, MAX_LOG, MAX_DOCUMENT, MAX_ANSWER = 1000, 400, 3000, 3000, 16_000
"""In characters: a message, a value of a change, the end of a log, a document such as parameters, and all of an answer."""
_MAX_NOTES = 20


def is_name(text: str) -> bool:
    """Whether it is what Kubernetes takes for an object's name: nothing that could be read as a sentence."""
    return _NAME.fullmatch(text) is not None


class Excerpts:
    """Collects what is shown of one answer's foreign content, and what of it was left out."""

    def __init__(self, budget: int = MAX_ANSWER) -> None:
        """`budget` is how many characters there are for all of it; what comes later gets what is left."""
        self._left = budget
        self._cut: dict[str, None] = {}

    @property
    def cut(self) -> list[str]:
        """What was cut, in sentences."""
        return list(self._cut)

    def text(self, value: object, where: str, limit: int = MAX_TEXT) -> str | None:
        """Return a text as it may be shown, None for none; of a longer one its beginning."""
        text = printable(str(value)) if value is not None else ""
        return text[: self._room(len(text), where, limit, "first")] or None

    def tail(self, value: str | None, where: str, limit: int = MAX_LOG) -> str | None:
        """Return the end of a log."""
        text = printable(value or "")
        room = self._room(len(text), where, limit, "last")
        return text[-room:] if room and text else None

    def some(self, items: Iterable[T], where: str, limit: int) -> list[T]:
        """Return the first items."""
        every = list(items)
        if len(every) > limit:
            self._note(f"{where}: {limit} of {len(every)} are shown")
        return every[:limit]

    def value(self, value: object, where: str, limit: int) -> Any:
        """Return a scalar or a document as it may be shown."""
        if isinstance(value, str):
            return self.text(value, where, limit)
        return self.document(value, where, limit)

    def document(self, value: Any, where: str, limit: int = MAX_DOCUMENT) -> Any:
        """Return a JSON value with every text in it, keys too, as it may be shown; of a larger one the beginning of its text."""
        text = json.dumps(value, ensure_ascii=False, default=str)
        room = self._room(len(text), where, limit, "first")
        return _cleaned(value) if len(text) <= room else printable(text[:room])

    def _room(self, length: int, where: str, limit: int, part: str) -> int:
        """Return how many of these characters are shown, and take them from the budget."""
        room = min(length, limit, self._left)
        self._left -= room
        if room < length:
            self._note(f"{where}: the {part} {room} of {length} characters are shown")
        return room

    def _note(self, sentence: str) -> None:
        if len(self._cut) < _MAX_NOTES:
            self._cut[sentence] = None


def _cleaned(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {printable(str(key)): _cleaned(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(inner) for inner in value]
    return printable(value) if isinstance(value, str) else value
