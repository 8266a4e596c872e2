"""A document as a tree of values, each with its position in the text.

YAML and JSON are both read into this tree, so that an edit can replace exactly the characters of one value.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from kubernaut_gitops_pr.paths import Path, Step, format_path

MAX_LEAVES = 200_000
"""Aliases of aliases can make a small file mean billions of values; a legitimate file has fewer than this."""


class EditError(ValueError):
    """The change cannot be made; the message says why, and what to do."""


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


def derived_paths(node: Node, at: Path = ()) -> Iterator[Path]:
    """Yield the paths whose value is written elsewhere: aliases, and values from merge keys."""
    if node.kind == "alias":
        yield at
        return
    own = {entry.step for entry in node.entries}
    if isinstance(node.data, dict):
        yield from ((*at, key) for key in node.data if key not in own)
    for entry in node.entries:
        yield from derived_paths(entry.node, (*at, entry.step))


def leaves(data: Any) -> dict[Path, Any]:
    """Return every value that contains no others, by its path. Raises EditError if there are too many."""
    found: dict[Path, Any] = {}
    queue: list[tuple[Path, Any]] = [((), data)]
    while queue:
        at, value = queue.pop()
        if isinstance(value, dict) and value:
            queue += [((*at, key), inner) for key, inner in value.items()]
        elif isinstance(value, list) and value:
            queue += [((*at, index), inner) for index, inner in enumerate(value)]
        else:
            found[at] = value
        if len(found) + len(queue) > MAX_LEAVES:
            raise EditError(f"contains more than {MAX_LEAVES} values once its aliases are resolved: too many to edit")
    return found


def is_same(one: Any, other: Any) -> bool:
    """Whether two values are equal and of the same types: 1 is neither true nor 1.0."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(is_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(is_same, one, other))
    return type(one) is type(other) and bool(one == other or one != one)  # noqa: PLR0124 - NaN equals itself here
