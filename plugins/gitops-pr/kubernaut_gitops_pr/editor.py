"""Sets, removes and appends by path in one document: finds the value, and asks its layout for one text edit.

It also decides what a path can lead through. It cannot lead through an alias: that would change every place that uses the anchor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kubernaut_gitops_pr.block_edits import BlockLayout
from kubernaut_gitops_pr.differences import Assignment, Operation, Removal, differences
from kubernaut_gitops_pr.flow_edits import FlowLayout, JsonNotation, YamlNotation
from kubernaut_gitops_pr.paths import Path, Step, format_path
from kubernaut_gitops_pr.text_edits import Layout, TextEdit
from kubernaut_gitops_pr.tree import EditError, Entry, Node, find_entry, is_same

_ROOT = "the top level"


@dataclass(frozen=True, slots=True)
class _Lookup:
    """How far a path leads: the entries along it, and the steps that are missing."""

    entries: tuple[tuple[Node, Entry], ...]
    last: Node
    missing: Path


class Editor:
    """One document of one text."""

    def __init__(self, text: str, roots: list[Node], root: Node | None, *, is_json: bool) -> None:
        self._text, self._root, self._is_json = text, root, is_json
        self._flow = FlowLayout(text, JsonNotation(text) if is_json else YamlNotation())
        self._block = BlockLayout(text, [] if is_json else roots)

    def set(self, path: Path, value: Any) -> TextEdit | None:
        """Return the edit that sets the value at this path, creating missing mappings on the way; None if it has it already."""
        if self._root is None or self._root.empty:
            return self._write_first(_nested(path, value))
        found = self._follow(path)
        if not found.missing:
            parent, entry = found.entries[-1]
            if is_same(entry.node.data, value) and not entry.node.ambiguous:
                return None
            return self._layout(parent).replace(parent, entry, value)
        self._expect_mapping(found)
        inner = _nested(found.missing[1:], value)
        if found.last.kind == "scalar":
            if not found.entries:
                return self._flow.root(found.last, _nested(found.missing, value))
            parent, entry = found.entries[-1]
            return self._layout(parent).replace(parent, entry, _nested(found.missing, value))
        return self._insert(found, found.missing[0], inner)

    def operations(self, path: Path, value: Any) -> list[Operation]:
        """Return the operations that give this path the value, as small as possible."""
        node = self.node(path)
        return list(differences(node, value, path)) if node else [Assignment(path, value)]

    def edit(self, operation: Operation) -> TextEdit | None:
        """Return the edit that carries out the operation; None if nothing is to be done."""
        if isinstance(operation, Assignment):
            return self.set(operation.path, operation.value)
        if isinstance(operation, Removal):
            return self.remove(operation.path)
        return self.insert(operation.path, operation.value)

    def insert(self, path: Path, value: Any) -> TextEdit:
        """Return the edit that adds an item to a list, at the index that the path ends with."""
        found = self._follow(path)
        if found.missing:
            return self._insert(found, found.missing[0], value)
        parent, entry = found.entries[-1]
        return self._layout(parent).insert_before(parent, entry, value)

    def append(self, path: Path, value: Any) -> TextEdit | None:
        """Return the edit that appends the value to the list at this path; None if the list contains it already."""
        found = self._follow(path)
        if found.missing or found.last.kind != "sequence":
            if found.missing or found.last.data is not None:
                raise EditError(f"{format_path(path)}: there is no list to append to; use set")
            parent, entry = found.entries[-1]
            return self._layout(parent).replace(parent, entry, [value])
        if any(is_same(item, value) for item in found.last.data):
            return None
        return self._insert(found, len(found.last.entries), value)

    def remove(self, path: Path) -> TextEdit | None:
        """Return the edit that removes the value at this path; None if there is none."""
        if self._root is None or self._root.empty:
            return None
        found = self._follow(path)
        if found.missing:
            self._reject_merged(found)
            return None
        parent, entry = found.entries[-1]
        if len(parent.entries) > 1 or (isinstance(parent.data, dict) and len(parent.data) > 1):
            return self._layout(parent).remove(parent, entry)
        nothing: Any = {} if parent.kind == "mapping" else []
        if len(found.entries) == 1:
            return TextEdit(parent.start, parent.end, "{}" if parent.kind == "mapping" else "[]")
        outer, above = found.entries[-2]
        return self._layout(outer).replace(outer, above, nothing)

    def value(self, path: Path) -> Any:
        """Return the value at this path, or None."""
        data: Any = self._root.data if self._root else None
        for step in path:
            if not _contains(data, step):
                return None
            data = data[step]
        return data

    def has(self, path: Path) -> bool:
        """Whether there is a value at this path, if only null."""
        return _contains(self.value(path[:-1]), path[-1])

    def node(self, path: Path) -> Node | None:
        """Return what is written at this path, or None."""
        node = self._root
        for step in path:
            entry = _entry(node, step)
            node = entry.node if entry else None
        return node

    def length(self, path: Path) -> int:
        """Return how many items the list at this path has."""
        data = self.value(path)
        return len(data) if isinstance(data, list) else 0

    def _layout(self, parent: Node) -> Layout:
        return self._flow if parent.flow else self._block

    def _insert(self, found: _Lookup, step: Step, value: Any) -> TextEdit:
        parent = found.last
        if parent.flow or parent.entries:
            return self._layout(parent).insert(parent, step, value)
        raise EditError(
            f"{format_path([e.step for _, e in found.entries]) or _ROOT}: nothing can be added here; use content"
        )

    def _write_first(self, value: Any) -> TextEdit:
        if self._is_json:
            return TextEdit(0, len(self._text), JsonNotation("").value(value, "", "") + "\n")
        if self._root is not None and self._text[self._root.start :].strip():
            raise EditError("the document is empty, and other documents follow it: use content")
        return self._block.root(self._block.document(value))

    def _follow(self, path: Path) -> _Lookup:
        node = self._root
        entries: list[tuple[Node, Entry]] = []
        if node is None:
            raise EditError("the file is empty: use set or content")
        for index, step in enumerate(path):
            here = format_path(path[:index]) or _ROOT
            if node.kind == "alias" and isinstance(node.data, dict | list):
                raise EditError(
                    f"{here} is the alias *{node.anchor}: a change inside it would change every place that uses "
                    f"&{node.anchor}; change the anchor itself, or set {here} as a whole"
                )
            if node.kind in {"scalar", "alias"}:
                if node.data is None and node.kind == "scalar":
                    return _Lookup(tuple(entries), node, path[index:])
                raise EditError(
                    f"{here} is {node.data!r:.60}, not a mapping or list: {format_path(path)} leads through it"
                )
            try:
                entry = find_entry(node, step)
            except EditError as error:
                raise EditError(f"{here} {error}") from None
            if entry is None:
                return _Lookup(tuple(entries), node, path[index:])
            entries.append((node, entry))
            node = entry.node
        return _Lookup(tuple(entries), node, ())

    def _expect_mapping(self, found: _Lookup) -> None:
        """Raise EditError unless only mappings are missing: a missing item of a list is appended, not set."""
        here = format_path([entry.step for _, entry in found.entries]) or _ROOT
        for step in found.missing:
            if isinstance(step, int):
                has = f"has {len(found.last.entries)} items" if found.last.kind == "sequence" else "has no list there"
                raise EditError(f"{here} {has}, so there is no [{step}]: use append, or set the list as a whole")
        if len(found.missing) > 1:
            self._reject_merged(found)

    def _reject_merged(self, found: _Lookup) -> None:
        if isinstance(found.last.data, dict) and found.missing[0] in found.last.data:
            here = format_path([*(entry.step for _, entry in found.entries), found.missing[0]])
            raise EditError(f"{here} comes from a merged anchor (<<): change it there, or set {here} as a whole")


def _nested(steps: Path, value: Any) -> Any:
    for step in reversed(steps):
        if isinstance(step, int):
            raise EditError(f"there is no list for [{step}]: set the list as a whole")
        value = {step: value}
    return value


def _entry(node: Node | None, step: Step) -> Entry | None:
    return next((entry for entry in node.entries if entry.step == step), None) if node else None


def _contains(data: Any, step: Step) -> bool:
    if isinstance(step, int):
        return isinstance(data, list) and step < len(data)
    return isinstance(data, dict) and step in data
