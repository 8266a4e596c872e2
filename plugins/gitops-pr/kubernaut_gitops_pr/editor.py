"""Set, remove and append by path in one document: finds the place, and asks the layout there for one replacement of text.

What a path may go through is decided here. An alias it may not: that would change every place that the anchor stands for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kubernaut_gitops_pr.block_splices import BlockLayout
from kubernaut_gitops_pr.flow_splices import FlowLayout, JsonNotation, YamlNotation
from kubernaut_gitops_pr.paths import Path, Step, spell
from kubernaut_gitops_pr.splices import Layout, Splice
from kubernaut_gitops_pr.tree import EditError, Entry, Node, find, same

_ROOT = "its top"


@dataclass(frozen=True, slots=True)
class Found:
    """How far a path leads: the entries along it, and the steps that are not there."""

    entries: tuple[tuple[Node, Entry], ...]
    last: Node
    missing: Path


class Editor:
    """One document of one text."""

    def __init__(self, text: str, roots: list[Node], root: Node | None, *, is_json: bool) -> None:
        self._text, self._root, self._is_json = text, root, is_json
        self._flow = FlowLayout(text, JsonNotation(text) if is_json else YamlNotation())
        self._block = BlockLayout(text, [] if is_json else roots)

    def set(self, path: Path, value: Any) -> Splice | None:
        """Give the place this value, making the mappings on the way there; None if it has it already."""
        if self._root is None or self._root.empty:
            return self._first(_nested(path, value))
        found = self._follow(path)
        if not found.missing:
            parent, entry = found.entries[-1]
            return None if same(entry.node.data, value) else self._layout(parent).replace(parent, entry, value)
        self._may_grow(found)
        inner = _nested(found.missing[1:], value)
        if found.last.kind == "scalar":
            if not found.entries:
                return self._flow.root(found.last, _nested(found.missing, value))
            parent, entry = found.entries[-1]
            return self._layout(parent).replace(parent, entry, _nested(found.missing, value))
        return self._insert(found, found.missing[0], inner)

    def append(self, path: Path, value: Any) -> Splice | None:
        """Add the value to the list at this place; None if the list holds it already."""
        found = self._follow(path)
        if found.missing or found.last.kind != "sequence":
            if found.missing or found.last.data is not None:
                raise EditError(f"{spell(path)}: there is no list to append to; use set")
            parent, entry = found.entries[-1]
            return self._layout(parent).replace(parent, entry, [value])
        if any(same(held, value) for held in found.last.data):
            return None
        return self._insert(found, len(found.last.entries), value)

    def remove(self, path: Path) -> Splice | None:
        """Take the place away; None if it is not there."""
        if self._root is None or self._root.empty:
            return None
        found = self._follow(path)
        if found.missing:
            self._expect_own(found)
            return None
        parent, entry = found.entries[-1]
        if len(parent.entries) > 1 or (isinstance(parent.data, dict) and len(parent.data) > 1):
            return self._layout(parent).remove(parent, entry)
        nothing: Any = {} if parent.kind == "mapping" else []
        if len(found.entries) == 1:
            return Splice(parent.start, parent.end, "{}" if parent.kind == "mapping" else "[]")
        outer, above = found.entries[-2]
        return self._layout(outer).replace(outer, above, nothing)

    def value(self, path: Path) -> Any:
        """What is at this place (null if nothing is)."""
        node = self._root
        for step in path:
            entry = next((e for e in node.entries if e.step == step), None) if node else None
            if not entry:
                return _inside(node, step)
            node = entry.node
        return node.data if node else None

    def length(self, path: Path) -> int:
        """How many items the list at this place has."""
        data = self.value(path)
        return len(data) if isinstance(data, list) else 0

    def _layout(self, parent: Node) -> Layout:
        return self._flow if parent.flow else self._block

    def _insert(self, found: Found, step: Step, value: Any) -> Splice:
        parent = found.last
        if parent.flow or parent.entries:
            return self._layout(parent).insert(parent, step, value)
        raise EditError(f"{spell([e.step for _, e in found.entries]) or _ROOT}: nothing can be added here; use content")

    def _first(self, value: Any) -> Splice:
        if self._is_json:
            return Splice(0, len(self._text), JsonNotation("").value(value, "", "") + "\n")
        if self._root is not None and self._text[self._root.start :].strip():
            raise EditError("the document is empty, and others follow it: use content")
        return self._block.root(self._block.document(value))

    def _follow(self, path: Path) -> Found:
        node = self._root
        entries: list[tuple[Node, Entry]] = []
        if node is None:
            raise EditError("the file holds nothing yet: use set or content")
        for index, step in enumerate(path):
            here = spell(path[:index]) or _ROOT
            if node.kind == "alias" and isinstance(node.data, dict | list):
                raise EditError(
                    f"{here} is the alias *{node.anchor}: a change inside it would change every place that uses "
                    f"&{node.anchor}; change it where that stands, or set {here} as a whole"
                )
            if node.kind in {"scalar", "alias"}:
                if node.data is None and node.kind == "scalar":
                    return Found(tuple(entries), node, path[index:])
                raise EditError(f"{here} is {node.data!r:.60}, not a mapping or list: {spell(path)} leads through it")
            try:
                entry = find(node, step)
            except EditError as error:
                raise EditError(f"{here} {error}") from None
            if entry is None:
                return Found(tuple(entries), node, path[index:])
            entries.append((node, entry))
            node = entry.node
        return Found(tuple(entries), node, ())

    def _may_grow(self, found: Found) -> None:
        """Only mappings grow by set: an item that a list does not have is appended, not set."""
        here = spell([entry.step for _, entry in found.entries]) or _ROOT
        for step in found.missing:
            if isinstance(step, int):
                has = f"has {len(found.last.entries)} items" if found.last.kind == "sequence" else "has no list there"
                raise EditError(f"{here} {has}, so there is no [{step}]: use append, or set the list as a whole")
        if len(found.missing) > 1:
            self._expect_own(found)

    def _expect_own(self, found: Found) -> None:
        if isinstance(found.last.data, dict) and found.missing[0] in found.last.data:
            here = spell([*(entry.step for _, entry in found.entries), found.missing[0]])
            raise EditError(f"{here} comes from a merged anchor (<<): change it there, or set {here} as a whole")


def _nested(steps: Path, value: Any) -> Any:
    for step in reversed(steps):
        if isinstance(step, int):
            raise EditError(f"there is no list that [{step}] could name: set the list as a whole")
        value = {step: value}
    return value


def _inside(node: Node | None, step: Step) -> Any:
    """A merged value."""
    return node.data.get(step) if node and isinstance(node.data, dict) else None
