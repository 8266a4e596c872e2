"""A document as what it says and where it says it: the values, and the characters of the text that each of them is.

YAML and JSON are both read into this, so that an edit can replace exactly the characters that it is about.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from kubernaut_gitops_pr.paths import Path, Step, spell

MAX_LEAVES = 200_000
"""Aliases of aliases can make a small file mean billions of values; no honest one means more than this."""


class EditError(ValueError):
    """The change cannot be made; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Node:
    """One value. `start` and `end` bound what it is written as, anchor and tag included, comments after it not."""

    kind: Literal["mapping", "sequence", "scalar", "alias"]
    start: int
    end: int
    data: Any
    entries: tuple[Entry, ...] = ()
    flow: bool = False
    style: str = ""
    """How a scalar is quoted: a quote, `|`, `>`, or nothing."""
    anchor: str = ""

    @property
    def empty(self) -> bool:
        """Is it a null that nobody wrote down?"""
        return self.kind == "scalar" and self.start == self.end


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of a mapping or sequence. `start` is where its key or dash begins, `slot` where its value may."""

    step: Step
    start: int
    slot: int
    node: Node


def find(node: Node, step: Step) -> Entry | None:
    """The entry that this step names; raises EditError if it cannot name one in such a node."""
    if node.kind == "sequence":
        if not isinstance(step, int):
            raise EditError(f"is a list: name an item of it as [INDEX], not as {spell((step,))}")
        return next((entry for entry in node.entries if entry.step == step), None)
    if not isinstance(step, str):
        raise EditError(f"is a mapping: name a key of it, not [{step}]")
    return next((entry for entry in node.entries if entry.step == step), None)


def derived(node: Node, at: Path = ()) -> Iterator[Path]:
    """The places whose value is written elsewhere: aliases, and what a merge key brings in."""
    if node.kind == "alias":
        yield at
        return
    own = {entry.step for entry in node.entries}
    if isinstance(node.data, dict):
        yield from ((*at, key) for key in node.data if key not in own)
    for entry in node.entries:
        yield from derived(entry.node, (*at, entry.step))


def leaves(data: Any) -> dict[Path, Any]:
    """Every value that holds no others, by its path; raises EditError if there are too many."""
    found: dict[Path, Any] = {}
    waiting: list[tuple[Path, Any]] = [((), data)]
    while waiting:
        at, value = waiting.pop()
        if isinstance(value, dict) and value:
            waiting += [((*at, key), inner) for key, inner in value.items()]
        elif isinstance(value, list) and value:
            waiting += [((*at, index), inner) for index, inner in enumerate(value)]
        else:
            found[at] = value
        if len(found) + len(waiting) > MAX_LEAVES:
            raise EditError(f"holds more than {MAX_LEAVES} values once its aliases are followed: too many to edit")
    return found


def same(one: Any, other: Any) -> bool:
    """Equal, and of the same types: 1 is neither true nor 1.0."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and bool(one == other or one != one)  # noqa: PLR0124 - NaN is the same as itself here
