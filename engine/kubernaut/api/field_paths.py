"""Paths of fields as rules declare them, and the tree that several of them form.

`spec.replicas` is a field; `metadata.annotations[example.com/note]` a key of a map; `spec.template.spec.containers[*].resources` a field of
each item of a list.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

ITEMS = "[*]"
"""The step that stands for each item of a list."""
_STEP = re.compile(r"(?:(?<=.)\.|^)(?P<name>[A-Za-z0-9_-]+)|\[(?P<key>[^\[\]]+)\]")
_PLAIN = re.compile(r"[A-Za-z0-9_-]+")
_KEY = re.compile(r"\*|[A-Za-z0-9]([-A-Za-z0-9_./]*[A-Za-z0-9])?")
_HEADS = ("apiVersion", "kind", "status")


def parse_path(path: str) -> tuple[str, ...]:
    """Return the steps of a path, such as `("spec", "containers", "[*]", "image")`. Raises ValueError if it is not the path of a field."""
    steps, at = [], 0
    while at < len(path):
        match = _STEP.match(path, at)
        if match is None or (at == 0 and match["name"] is None):
            raise ValueError(
                f"{path!r} is not the path of a field at {path[at:]!r}: write spec.replicas, metadata.annotations[example.com/note] "
                "or spec.template.spec.containers[*].resources"
            )
        steps.append(_step(path, match))
        at = match.end()
    if not steps:
        raise ValueError(
            "a path is empty: name a field such as spec.replicas, or leave `fields` out for the whole object"
        )
    if steps[-1] == ITEMS:
        raise ValueError(f"{path!r} ends in [*]: name the list itself, or a field of its items")
    if steps[0] in _HEADS:
        raise ValueError(f"{path!r}: no action can change {steps[0]}")
    return tuple(steps)


def format_path(steps: Iterable[str]) -> str:
    """Return the path of these steps; a key with other characters than a field's name has is in brackets."""
    text = ""
    for step in steps:
        text += step if step == ITEMS else f".{step}" if _PLAIN.fullmatch(step) else f"[{step}]"
    return text.lstrip(".")


@dataclass(frozen=True)
class FieldTree:
    """The fields below one point of an object that may change: all of them, or those of its children."""

    children: dict[str, FieldTree] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        """Whether everything from here on may change."""
        return not self.children

    @property
    def items(self) -> FieldTree | None:
        """The fields of each item, if this is a list."""
        return self.children.get(ITEMS)

    def touches(self, path: str) -> bool:
        """Whether the field, or one that contains it, may change already."""
        tree = self
        for step in parse_path(path):
            if tree.is_whole or step not in tree.children:
                break
            tree = tree.children[step]
        return bool(self.children) and tree.is_whole

    def covers(self, path: Iterable[str]) -> bool:
        """Whether a change at this path, in which `[*]` stands for any item, is a change of fields of this tree alone."""
        tree = self
        for step in path:
            if tree.is_whole:
                return True
            if step not in tree.children:
                return False
            tree = tree.children[step]
        return tree.is_whole


def field_tree(paths: Iterable[str]) -> FieldTree:
    """Return the tree of these paths. Raises ValueError if one is not a path, contains another one, or contradicts it."""
    tree = FieldTree()
    for path in paths:
        node, steps = tree, parse_path(path)
        for number, step in enumerate(steps):
            last = number == len(steps) - 1
            _check_neighbours(node, step, steps[:number])
            if (known := node.children.get(step)) is not None and (last or known.is_whole):
                raise ValueError(
                    f"{path!r} overlaps another field: leave one of {format_path(steps)} and its parents out"
                )
            node = node.children.setdefault(step, FieldTree())
    return tree


def leaves(tree: FieldTree, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the paths of the tree."""
    if tree.is_whole:
        yield path
    for step, child in tree.children.items():
        yield from leaves(child, (*path, step))


def _step(path: str, match: re.Match[str]) -> str:
    if match["name"] is not None:
        return match["name"]
    if not _KEY.fullmatch(match["key"]):
        raise ValueError(
            f"{path!r}: [{match['key']}] is not a key: * is allowed alone, for each item of a list, and a key has letters, digits and -_./"
        )
    return ITEMS if match["key"] == "*" else match["key"]


def _check_neighbours(node: FieldTree, step: str, above: tuple[str, ...]) -> None:
    """Refuse `x[*]` beside `x.y`: x is a list or it is not."""
    if node.children and (step == ITEMS) != (ITEMS in node.children):
        raise ValueError(
            f"{format_path(above)} is both a list (with [*]) and a map (with other keys): name each field as it is"
        )
