"""A document as a tree of values, each with its position in the text.

YAML and JSON are both read into this tree, so that an edit can replace exactly the characters of one value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from kubernaut_gitops_pr.paths import Step, format_path

MAX_VALUES = 200_000
"""Aliases of aliases, and merge keys, can make a small file mean billions of values; a legitimate file has fewer than this."""
MAX_DEPTH = 100
"""How deeply values can be nested once aliases are resolved; manifests and their schemas stay far below."""
MAX_DIGITS = 1000
"""How long a number can be: Python converts no more than 4300 digits, and most readers of these files lose all after seventeen."""


class EditError(ValueError):
    """The change cannot be made; the message says why, and what to do."""


class Counter:
    """Counts the values of one file while it is read, and how deeply they are nested. Raises EditError at the limits."""

    def __init__(self) -> None:
        self.values, self.depth, self.deepest = 0, 0, 0

    def add(self, values: int) -> None:
        """Count values."""
        self.values += values
        if self.values > MAX_VALUES:
            raise EditError(f"contains more than {MAX_VALUES} values once its aliases are resolved: too many to edit")

    def enter(self, levels: int = 1) -> None:
        """Go into a value, or note that one has so many levels."""
        self.deepest = max(self.deepest, self.depth + levels)
        if self.deepest > MAX_DEPTH:
            raise EditError(f"is nested too deeply to be edited: more than {MAX_DEPTH} levels")


def check_number(text: str, line: int) -> None:
    """Raise EditError if a number is too long."""
    if len(text) > MAX_DIGITS:
        raise EditError(
            f"has a number of {len(text)} characters in line {line}: the limit is {MAX_DIGITS}; write it as text"
        )


@dataclass(frozen=True, slots=True)
class Node:
    """One value. Its text is from `start` to `end`, including anchor and tag, and without comments after it."""

    kind: Literal["mapping", "sequence", "scalar", "alias"]
    start: int
    end: int
    data: Any
    entries: tuple[Entry, ...] = ()
    flow: bool = False
    style: str = ""
    """How a scalar is quoted: a quote, `|`, `>`, or nothing."""
    anchor: str = ""
    tagged: bool = False
    """Whether a collection has a tag of its own, such as `!custom`."""
    ambiguous: bool = False
    """Whether readers of YAML 1.1 and 1.2, or of its tags, may take it for different values: `yes`, `010`, `!custom x`."""
    text: str = ""
    """The characters that a scalar stands for, before they are taken for a number or anything else."""

    @property
    def empty(self) -> bool:
        """Whether it is a null that is not written in the text."""
        return self.kind == "scalar" and self.start == self.end


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of a mapping or sequence. Its key or dash starts at `start`, and its value can start at `slot`."""

    step: Step
    start: int
    slot: int
    node: Node


def find_entry(node: Node, step: Step) -> Entry | None:
    """Return the entry that this step names, or None. Raises EditError if a node of this kind cannot have such an entry."""
    if node.kind == "sequence":
        if not isinstance(step, int):
            raise EditError(f"is a list: name an item as [INDEX], not as {format_path((step,))}")
        return next((entry for entry in node.entries if entry.step == step), None)
    if not isinstance(step, str):
        raise EditError(f"is a mapping: name a key, not [{step}]")
    return next((entry for entry in node.entries if entry.step == step), None)


def is_same(one: Any, other: Any) -> bool:
    """Whether two values are equal and of the same types: 1 is neither true nor 1.0."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(is_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(is_same, one, other))
    return type(one) is type(other) and bool(one == other or one != one)  # noqa: PLR0124 - NaN equals itself here
