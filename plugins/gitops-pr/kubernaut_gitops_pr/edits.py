"""Applies one requested change to one file's bytes, and tells each value that it changed.

Every edit is checked after it is made: the file is read again, and must mean what was asked and otherwise what it meant before. So a file
that is written in some way this code does not know is refused rather than damaged.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kubernaut_gitops_pr import json_tree, yaml_tree
from kubernaut_gitops_pr.editor import Editor
from kubernaut_gitops_pr.paths import Path, parse, spell
from kubernaut_gitops_pr.splices import Splice
from kubernaut_gitops_pr.tree import EditError, Node, derived, leaves, same

MAX_BYTES = 1024 * 1024
"""Of a file that is edited by path: reading larger ones costs more time than a pod has."""
READERS: dict[str, Callable[[str], list[Node]]] = {
    ".yaml": yaml_tree.parse,
    ".yml": yaml_tree.parse,
    ".json": json_tree.parse,
}


@dataclass(frozen=True, slots=True)
class Edited:
    """One value that an edit changes: where, from what, to what."""

    field: str
    before: Any
    after: Any


def edited(path: str, before: bytes | None, change: Mapping[str, Any]) -> tuple[bytes, list[Edited]]:
    """The file's new bytes and what changed in it; raises EditError."""
    if change.get("content") is not None:
        after = change["content"].encode()
        return after, [] if before == after else [Edited("content", _summary(before), _summary(after))]
    if before is None:
        raise EditError("does not exist: to create it, give its content")
    suffix = "." + path.rpartition(".")[2]
    text, restore = _text(before)
    session = _Session(text, READERS[suffix], change.get("document"), is_json=suffix == ".json")
    for where, value in (change.get("set") or {}).items():
        session.set(parse(where), value)
    for steps in sorted(map(parse, change.get("remove") or ()), key=_late_first, reverse=True):
        session.remove(steps)
    for where, value in (change.get("append") or {}).items():
        session.append(parse(where), value)
    return restore(session.text), session.told


class _Session:
    """The edits of one change, one after the other."""

    def __init__(self, text: str, read: Callable[[str], list[Node]], document: int | None, *, is_json: bool) -> None:
        self.text, self._read, self._is_json = text, read, is_json
        self._roots = read(text)
        self._number = _chosen(len(self._roots), document)
        self.told: list[Edited] = []

    def set(self, path: Path, value: Any) -> None:
        before = self._editor.value(path)
        self._make(self._editor.set(path, value), lambda data: _put(data, path, value), path, before, value)

    def append(self, path: Path, value: Any) -> None:
        place = (*path, self._editor.length(path))
        self._make(self._editor.append(path, value), lambda data: _put(data, place, value), place, None, value)

    def remove(self, path: Path) -> None:
        before = self._editor.value(path)
        self._make(self._editor.remove(path), lambda data: _take(data, path), path, before, None)

    @property
    def _editor(self) -> Editor:
        return Editor(self.text, self._roots, self._root, is_json=self._is_json)

    @property
    def _root(self) -> Node | None:
        return self._roots[self._number] if self._roots else None

    def _make(self, splice: Splice | None, asked: Callable[[Any], Any], path: Path, before: Any, after: Any) -> None:
        if splice is None:
            return
        expected = [copy.deepcopy(root.data) for root in self._roots] or [None]
        old = [root.data for root in self._roots] or [None]
        expected[self._number] = asked(expected[self._number])
        text = splice.applied(self.text)
        try:
            roots = self._read(text)
        except EditError as error:
            raise EditError(f"{spell(path)}: the change would break the file, which then {error}") from error
        followed = self._followed(expected, old, roots, path)
        self.text, self._roots = text, roots
        self.told += [Edited(self._field(path), before, after), *followed]

    def _followed(self, expected: list[Any], old: list[Any], roots: list[Node], path: Path) -> list[Edited]:
        """What changed elsewhere because an anchor changed; raises EditError if anything else did."""
        if len(roots) != len(expected) or any(
            not same(root.data, data)
            for i, (root, data) in enumerate(zip(roots, expected, strict=True))
            if i != self._number
        ):
            raise _unsure(path)
        root = roots[self._number]
        was, wanted, now = leaves(old[self._number]), leaves(expected[self._number]), leaves(root.data)
        elsewhere = {at for at in {*wanted, *now} if not _agree(wanted, now, at)}
        if elsewhere:
            follows = set(derived(root))
            if not all(any(at[: len(place)] == place for place in follows) for at in elsewhere):
                raise _unsure(path)
        follow = sorted(
            (at for at in {*was, *now} if not _agree(was, now, at) and self._is_derived(root, at)), key=_late_first
        )
        return [Edited(self._field(at), was.get(at), now.get(at)) for at in follow]

    def _is_derived(self, root: Node, at: Path) -> bool:
        return any(at[: len(place)] == place for place in derived(root))

    def _field(self, path: Path) -> str:
        return spell(path) if len(self._roots) < 2 else f"document {self._number}: {spell(path)}"


def _agree(one: Mapping[Path, Any], other: Mapping[Path, Any], at: Path) -> bool:
    return at in one and at in other and same(one[at], other[at])


def _unsure(path: Path) -> EditError:
    return EditError(
        f"{spell(path)}: the file is written in a way in which this value cannot be changed without touching others; give its content"
    )


def _chosen(count: int, document: int | None) -> int:
    """The index of the document to edit. With several, silence does not choose one."""
    if document is None:
        if count > 1:
            raise EditError(f"holds {count} YAML documents: say which with document, from 0 to {count - 1}")
        return 0
    if document >= max(count, 1):
        raise EditError(f"holds {count} YAML documents, counted from 0: there is no document {document}")
    return document


def _late_first(path: Path) -> list[tuple[bool, int, str]]:
    """Sorts places so that, reversed, removing one does not move the next."""
    return [(isinstance(s, str), s if isinstance(s, int) else 0, s if isinstance(s, str) else "") for s in path]


def _put(data: Any, path: Path, value: Any) -> Any:
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(step, int):
        data = [] if data is None else data
        if step == len(data):
            data.append(None)
        data[step] = _put(data[step], rest, value)
        return data
    data = {} if data is None else data
    data[step] = _put(data.get(step), rest, value)
    return data


def _take(data: Any, path: Path) -> Any:
    holder = data
    for step in path[:-1]:
        holder = holder[step]
    del holder[path[-1]]
    return data


def _text(raw: bytes) -> tuple[str, Callable[[str], bytes]]:
    """The file's text with plain newlines, and the way back to its own newlines and byte order mark."""
    if len(raw) > MAX_BYTES:
        raise EditError(f"is {len(raw) // 1024} KiB: files over {MAX_BYTES // 1024} KiB are not edited by path")
    if b"\0" in raw:
        raise EditError("is a binary file: it can only be replaced as a whole, by content")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise EditError(f"is not UTF-8 (byte {error.start} is {raw[error.start]:#04x}): convert it first") from None
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    text = text.removeprefix(mark)
    ending = "\r\n" if "\r\n" in text and text.count("\n") == text.count("\r\n") else "\n"
    return text.replace(ending, "\n"), lambda new: (mark + new.replace("\n", ending)).encode()


def _summary(content: bytes | None) -> str | None:
    if content is None:
        return None
    return f"{len(content)} bytes, sha256:{hashlib.sha256(content).hexdigest()[:16]}"
