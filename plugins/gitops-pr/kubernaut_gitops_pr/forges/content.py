"""The content of a forge's answer, read field by field: an answer of another shape is an error that names the field."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kubernaut.runner import Rejected
from kubernaut_gitops_pr.quotation import quote

_MAX_SHOWN = 60
_MAX_TEXT = 2000
_URL = re.compile(r"https?://[^\s<>\"'`\\]+")
_MAX_NUMBER = 2**63 - 1


class UnexpectedAnswerError(Rejected):
    """The forge answered with success, but not as its API does."""

    def __init__(self, call: str, problem: str) -> None:
        super().__init__(
            f"the answer to {call} is not one of this forge's API: {problem}; check kind, url and api in the settings of "
            "gitops-pr, and whether a proxy or a login page answers in its place"
        )


@dataclass(frozen=True, slots=True)
class Content:
    """A value of an answer."""

    value: Any
    call: str
    """The request, such as `GET /user`, for messages."""
    field: str = ""

    def text(self, *path: str) -> str:
        """Return a text. Raises UnexpectedAnswerError."""
        found = self._at(path)
        if (
            not isinstance(found.value, str)
            or not found.value
            or len(found.value) > _MAX_TEXT
            or not found.value.isprintable()
        ):
            raise found._error("a text")
        return found.value

    def url(self, *path: str) -> str:
        """Return the URL of a page. Raises UnexpectedAnswerError."""
        text = self.text(*path)
        if not _URL.fullmatch(text):
            raise self._at(path)._error("a URL")
        return text

    def one_of(self, known: Mapping[str, str], *path: str) -> str:
        """Return what a word of the forge means. Raises UnexpectedAnswerError if it is not a known one."""
        word = self.text(*path)
        if word not in known:
            raise self._at(path)._error(f"one of {', '.join(known)}")
        return known[word]

    def number(self, *path: str) -> int:
        """Return a whole number. Raises UnexpectedAnswerError."""
        found = self._at(path)
        if type(found.value) is not int or not 0 <= found.value <= _MAX_NUMBER:
            raise found._error("a number")
        return int(found.value)

    def optional(self, *path: str) -> Content | None:
        """Return a value that need not be there, or None. Raises UnexpectedAnswerError if what should contain it is no object."""
        found = self._at(path[:-1])
        if found.value is None:
            return None
        inner = found._at(path[-1:], required=False)
        return None if inner.value is None else inner

    def flag(self, *path: str) -> bool | None:
        """Return a boolean that need not be there, or None. Raises UnexpectedAnswerError."""
        found = self.optional(*path)
        if found is None or isinstance(found.value, bool):
            return found.value if found else None
        raise found._error("true or false")

    def items(self) -> Iterator[Content]:
        """Yield the items of a list. Raises UnexpectedAnswerError."""
        if not isinstance(self.value, list):
            raise self._error("a list")
        for index, item in enumerate(self.value):
            yield Content(item, self.call, f"{self.field}[{index}]")

    def _at(self, path: tuple[str, ...], *, required: bool = True) -> Content:
        found = self
        for key in path:
            if not isinstance(found.value, dict):
                raise found._error("an object")
            field = f"{found.field}.{key}" if found.field else key
            if required and key not in found.value:
                raise UnexpectedAnswerError(self.call, f"it has no {field}")
            found = Content(found.value.get(key), self.call, field)
        return found

    def _error(self, expected: str) -> UnexpectedAnswerError:
        shown = quote(repr(self.value)[: _MAX_SHOWN * 4], _MAX_SHOWN)
        return UnexpectedAnswerError(self.call, f"{self.field or 'it'} is {shown}, not {expected}")
