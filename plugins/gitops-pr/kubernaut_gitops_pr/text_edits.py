"""One replacement in a text, and what block style and flow style share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from kubernaut_gitops_pr.paths import Step
from kubernaut_gitops_pr.tree import Entry, Node


@dataclass(frozen=True, slots=True)
class TextEdit:
    """Replace the characters from `start` to `end`."""

    start: int
    end: int
    text: str

    def apply(self, source: str) -> str:
        """Return the source with this replacement."""
        return source[: self.start] + self.text + source[self.end :]


class Layout(Protocol):
    """Edits collections in one style: in brackets (JSON, and flow style in YAML) or in lines (block style)."""

    def replace(self, parent: Node, entry: Entry, value: Any) -> TextEdit:
        """Return the edit that gives an entry another value."""

    def insert(self, parent: Node, step: Step, value: Any) -> TextEdit:
        """Return the edit that adds an entry after the last one."""

    def insert_before(self, parent: Node, entry: Entry, value: Any) -> TextEdit:
        """Return the edit that adds an item to a list, before this one and its comments."""

    def remove(self, parent: Node, entry: Entry) -> TextEdit:
        """Return the edit that removes an entry; it must not be the only one."""


def line_start(text: str, at: int) -> int:
    """Return where the line of this character starts."""
    return text.rfind("\n", 0, at) + 1


def line_end(text: str, at: int) -> int:
    """Return where the line of this character ends, without its newline."""
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def column(text: str, at: int) -> int:
    """Return how far the character is from the start of its line."""
    return at - line_start(text, at)


def neighbours(parent: Node, entry: Entry) -> tuple[Entry | None, Entry | None]:
    """Return the entries before and after this one."""
    at = parent.entries.index(entry)
    before = parent.entries[at - 1] if at else None
    after = parent.entries[at + 1] if at + 1 < len(parent.entries) else None
    return before, after
