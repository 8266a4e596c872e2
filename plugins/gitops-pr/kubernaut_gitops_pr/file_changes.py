"""Applies one requested change to the bytes of one file, and reports each value that it changed.

Every edit is verified: the file is read again, and must have the requested value and otherwise the values that it had before. So a file in
a notation that this code does not handle is rejected, not damaged.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from kubernaut_gitops_pr import json_tree, yaml_tree
from kubernaut_gitops_pr.decoding import decode
from kubernaut_gitops_pr.differences import Assignment, Operation, Removal
from kubernaut_gitops_pr.editor import Editor
from kubernaut_gitops_pr.paths import Path, Query, format_path, parse
from kubernaut_gitops_pr.selectors import NoSuchItemError, resolve
from kubernaut_gitops_pr.tree import EditError, Node, is_same
from kubernaut_gitops_pr.verification import changed_elsewhere, remove_from, set_in, sort_key

_MAX_QUOTED_LENGTH = 100
_MAX_READ = {True: 200_000_000, False: 16_000_000}
"""How many characters of JSON (True) and of YAML are read for one change, all readings together: a few minutes of a processor's time."""
_MAX_READ_FOR_VALUE = 2_000_000
"""How many of them are worth it to keep the comments around one value."""
READERS: dict[str, Callable[[str], list[Node]]] = {
    ".yaml": yaml_tree.parse,
    ".yml": yaml_tree.parse,
    ".json": json_tree.parse,
}


@dataclass(frozen=True, slots=True)
class ValueChange:
    """One value that changed, before and after."""

    field: str
    before: Any
    after: Any


def apply_change(path: str, before: bytes | None, change: Mapping[str, Any]) -> tuple[bytes, list[ValueChange]]:
    """Return the new bytes of a file and its changed values. Raises EditError.

    `before` is None for a file that does not exist; `change` is a `parameters.Change` as JSON.
    """
    if change.get("content") is not None:
        after = change["content"].encode()
        return after, [] if before == after else [ValueChange("content", _summary(before), _summary(after))]
    if before is None:
        raise EditError("does not exist: to create it, set content")
    try:
        return _edit(path, before, change)
    except RecursionError:
        raise EditError("the requested values are nested too deeply") from None


def _edit(path: str, before: bytes, change: Mapping[str, Any]) -> tuple[bytes, list[ValueChange]]:
    suffix = "." + path.rpartition(".")[2]
    text, restore = decode(before)
    editor = _FileEditor(text, READERS[suffix], change.get("document"), is_json=suffix == ".json")
    for where, value in (change.get("expect") or {}).items():
        editor.expect(parse(where), value)
    for where, value in (change.get("set") or {}).items():
        editor.set(parse(where), value)
    editor.remove_all(map(parse, change.get("remove") or ()))
    for where, value in (change.get("append") or {}).items():
        editor.append(parse(where), value)
    return restore(editor.text), editor.changes


@dataclass(frozen=True, slots=True)
class _Edit:
    """One edit: its path as requested and in this file, and the value before and after."""

    query: Query
    path: Path
    before: Any
    after: Any


class _FileEditor:
    """Applies the edits of one change, one after the other."""

    def __init__(self, text: str, read: Callable[[str], list[Node]], document: int | None, *, is_json: bool) -> None:
        self.text, self._read, self._is_json = text, read, is_json
        self._unread = _MAX_READ[is_json] - len(text)
        self._roots = read(text)
        self._index = _document_index(len(self._roots), document)
        self.changes: list[ValueChange] = []

    def expect(self, query: Query, value: Any) -> None:
        """Raise EditError unless the value is as expected; None expects that there is none."""
        try:
            path = resolve(self._root, query)
            missing, found = not self._editor.has(path), self._editor.value(path)
        except NoSuchItemError:
            missing, found = True, None
        if not is_same(found, value):
            raise EditError(
                f"{self._field(query)}: expected {_quote(value)}, but found {'nothing' if missing else _quote(found)}; "
                "someone has changed it: look at the file, and request the change again with the value that it has now"
            )

    def set(self, query: Query, value: Any) -> None:
        path = resolve(self._root, query)
        before = self._editor.value(path)
        whole: list[Operation] = [Assignment(path, value)]
        parts = self._editor.operations(path, value)
        if len(parts) > 1 and len(parts) * len(self.text) > _MAX_READ_FOR_VALUE:
            parts = whole

        def expect(data: Any) -> Any:
            return set_in(data, path, value)

        try:
            self._apply(parts, expect, _Edit(query, path, before, value))
        except EditError:
            if parts == whole:
                raise
            self._apply(whole, expect, _Edit(query, path, before, value))  # its parts cannot be changed one by one

    def append(self, query: Query, value: Any) -> None:
        path = resolve(self._root, query)
        items = self._editor.node(path)
        for index, entry in enumerate(items.entries if items else ()):
            if is_same(entry.node.data, value) and entry.node.ambiguous:
                self.set((*query, index), value)
                return
        index = self._editor.length(path)
        place = (*path, index)
        edit = self._editor.append(path, value)
        if edit is not None:
            text = edit.apply(self.text)
            self._commit(text, lambda data: set_in(data, place, value), _Edit((*query, index), place, None, value))

    def remove_all(self, queries: Iterable[Query]) -> None:
        """Remove the paths, all as they are in the file now; from the end on, because removing one moves those after it."""
        found: dict[Path, Query] = {}
        for query in queries:
            with suppress(NoSuchItemError):
                found.setdefault(resolve(self._root, query), query)
        for path in sorted(found, key=sort_key, reverse=True):
            self._remove(found[path], path)

    def _remove(self, query: Query, path: Path) -> None:
        edit = _Edit(query, path, self._editor.value(path), None)
        self._apply([Removal(path)], lambda data: remove_from(data, path), edit)

    @property
    def _editor(self) -> Editor:
        return Editor(self.text, self._roots, self._root, is_json=self._is_json)

    @property
    def _root(self) -> Node | None:
        return self._roots[self._index] if self._roots else None

    def _apply(self, operations: list[Operation], expect: Callable[[Any], Any], edit: _Edit) -> None:
        """Carry out the operations, one after the other, and verify what they did together."""
        text, roots = self.text, self._roots
        for operation in operations:
            root = roots[self._index] if roots else None
            text_edit = Editor(text, roots, root, is_json=self._is_json).edit(operation)
            if text_edit is not None:
                text = text_edit.apply(text)
                roots = self._parse(text, edit)
        if text != self.text:
            self._commit(text, expect, edit, roots)

    def _commit(self, text: str, expect: Callable[[Any], Any], edit: _Edit, roots: list[Node] | None = None) -> None:
        """Take over the text, if it has the expected values. Raises EditError."""
        expected = [copy.deepcopy(root.data) for root in self._roots] or [None]
        old = [root.data for root in self._roots] or [None]
        expected[self._index] = expect(expected[self._index])
        roots = self._parse(text, edit) if roots is None else roots
        derived = self._derived_changes(expected, old, roots, edit.path)
        self.text, self._roots = text, roots
        self.changes += [ValueChange(self._field(edit.query), edit.before, edit.after), *derived]

    def _parse(self, text: str, edit: _Edit) -> list[Node]:
        self._unread -= len(text)
        if self._unread < 0:
            raise EditError(
                f"is too large for so many edits at once: {len(text)} characters are read after each; use content"
            )
        try:
            return self._read(text)
        except EditError as error:
            raise EditError(
                f"{format_path(edit.query)}: the change would break the file, which then {error}"
            ) from error

    def _derived_changes(self, expected: list[Any], old: list[Any], roots: list[Node], path: Path) -> list[ValueChange]:
        """Return the values that changed elsewhere because an anchor changed. Raises EditError if anything else changed."""
        index = self._index
        others = ((root.data, data) for i, (root, data) in enumerate(zip(roots, expected, strict=False)) if i != index)
        if len(roots) != len(expected) or not all(is_same(found, data) for found, data in others):
            raise _unsafe_edit(path)
        changed = changed_elsewhere(old[index], expected[index], roots[index])
        if changed is None:
            raise _unsafe_edit(path)
        return [ValueChange(self._field(at), before, after) for at, before, after in changed]

    def _field(self, path: Query) -> str:
        return format_path(path) if len(self._roots) < 2 else f"document {self._index}: {format_path(path)}"


def _unsafe_edit(path: Path) -> EditError:
    return EditError(
        f"{format_path(path)}: in this file, the value cannot be changed without changing others; set the content of the whole file"
    )


def _document_index(count: int, document: int | None) -> int:
    """Return the index of the document to edit; if there are several, `document` must name one. Raises EditError."""
    if document is None:
        if count > 1:
            raise EditError(f"contains {count} YAML documents: name one with document, from 0 to {count - 1}")
        return 0
    if document >= max(count, 1):
        raise EditError(f"contains {count} YAML documents, counted from 0: there is no document {document}")
    return document


def _quote(value: Any) -> str:
    """Return a value as JSON, which shows the difference between a text and a number; a long one is cut."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _MAX_QUOTED_LENGTH else f"{text[:_MAX_QUOTED_LENGTH]}…"


def _summary(content: bytes | None) -> str | None:
    if content is None:
        return None
    return f"{len(content)} bytes, sha256:{hashlib.sha256(content).hexdigest()[:16]}"
