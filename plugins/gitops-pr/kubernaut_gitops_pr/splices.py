"""One replacement in a text, and what both ways of writing a collection share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from kubernaut_gitops_pr.paths import Step
from kubernaut_gitops_pr.tree import Entry, Node


@dataclass(frozen=True, slots=True)
class Splice:
    """Replace the characters from `start` to `end`."""

    start: int
    end: int
    text: str

    def applied(self, source: str) -> str:
        """The source with this replacement made."""
        return source[: self.start] + self.text + source[self.end :]


class Layout(Protocol):
    """How collections are written here: in brackets (JSON, and flow style in YAML) or in lines (block style)."""

    def replace(self, parent: Node, entry: Entry, value: Any) -> Splice:
        """Give an entry another value."""

    def insert(self, parent: Node, step: Step, value: Any) -> Splice:
        """Add an entry after the last one."""

    def remove(self, parent: Node, entry: Entry) -> Splice:
        """Take an entry away that is not the only one."""


def line_start(text: str, at: int) -> int:
    """Where the line of this character begins."""
    return text.rfind("\n", 0, at) + 1


def line_end(text: str, at: int) -> int:
    """Where the line of this character ends, its newline not included."""
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def column(text: str, at: int) -> int:
    """How far the character is from its line's beginning."""
    return at - line_start(text, at)


def neighbours(parent: Node, entry: Entry) -> tuple[Entry | None, Entry | None]:
    """The entries before and after this one."""
    at = parent.entries.index(entry)
    before = parent.entries[at - 1] if at else None
    after = parent.entries[at + 1] if at + 1 < len(parent.entries) else None
    return before, after
