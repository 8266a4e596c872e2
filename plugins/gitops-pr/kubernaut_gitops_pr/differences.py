"""The smallest edits that turn a value of a file into the requested one, so that comments and notation around what stays are kept.

They are to be made in this order: none changes the path of a later one. Items of a list are the same if they have the same `name`, or else
if they are equal.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from kubernaut_gitops_pr.paths import Path
from kubernaut_gitops_pr.tree import Node, is_same


@dataclass(frozen=True, slots=True)
class Assignment:
    """Give the path this value."""

    path: Path
    value: Any


@dataclass(frozen=True, slots=True)
class Removal:
    """Remove the path."""

    path: Path


@dataclass(frozen=True, slots=True)
class Insertion:
    """Add an item to a list; the path ends with its index."""

    path: Path
    value: Any


_MAX_COMPARISONS = 250_000
"""How many pairs of items of two lists are compared."""
Operation = Assignment | Removal | Insertion


def differences(node: Node, value: Any, at: Path) -> Iterator[Operation]:
    """Yield the edits; nothing if the node has the value in every reading."""
    inside = bool(node.entries and value and not node.tagged)
    if inside and node.kind == "mapping" and isinstance(value, dict) and not _merges_more(node, value):
        yield from _in_mapping(node, value, at)
    elif inside and node.kind == "sequence" and isinstance(value, list):
        yield from _in_sequence(node, value, at)
    elif node.ambiguous or not is_same(node.data, value):
        yield Assignment(at, value)


def _merges_more(node: Node, value: dict[str, Any]) -> bool:
    """Whether a merge key brings a key that is not wanted."""
    own = {entry.step for entry in node.entries}
    return any(key not in own and key not in value for key in node.data)


def _in_mapping(node: Node, value: dict[str, Any], at: Path) -> Iterator[Operation]:
    own = {str(entry.step): entry.node for entry in node.entries}
    for key, wanted in value.items():
        if key in own:
            yield from differences(own[key], wanted, (*at, key))
        elif key not in node.data or not is_same(node.data[key], wanted):
            yield Assignment((*at, key), wanted)
    yield from (Removal((*at, key)) for key in own if key not in value)


def _in_sequence(node: Node, value: list[Any], at: Path) -> Iterator[Operation]:
    if len(node.entries) * len(value) > _MAX_COMPARISONS:
        yield Assignment(at, value)
        return
    nodes = [entry.node for entry in node.entries]
    matcher = SequenceMatcher(None, [_identity(inner.data) for inner in nodes], list(map(_identity, value)), False)
    for _, start, end, new_start, new_end in reversed(matcher.get_opcodes()):
        common = min(end - start, new_end - new_start)
        for index in reversed(range(start + common, end)):
            yield Removal((*at, index))
        for item in reversed(value[new_start + common : new_end]):
            yield Insertion((*at, start + common), item)
        for offset in reversed(range(common)):
            yield from differences(nodes[start + offset], value[new_start + offset], (*at, start + offset))


def _identity(item: Any) -> str:
    """Return a text that only the same item has."""
    named = isinstance(item, dict) and isinstance(item.get("name"), str)
    return json.dumps(item["name"] if named else [item], sort_keys=True, default=repr)
