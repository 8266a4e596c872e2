"""Edits of collections in brackets: JSON, and flow style in YAML. A new entry gets the same spacing as its neighbours."""

from __future__ import annotations

import json
import re
from typing import Any, Protocol

from kubernaut_gitops_pr import yaml_text
from kubernaut_gitops_pr.paths import Step
from kubernaut_gitops_pr.text_edits import TextEdit, column, line_start, neighbours
from kubernaut_gitops_pr.tree import Entry, Node

_COMMENT_AFTER = re.compile(r"((?:[ \t]*,)?)([ \t]+#.*)")
_ENTRY_END = re.compile(r"\s*,[ \t]*(#.*)?\s*")
"""What ends an entry: its comma, a comment in the same line, and the space before the next entry or comment."""


class Notation(Protocol):
    """How values and keys are written in brackets."""

    def key(self, text: str) -> str:
        """Return a key."""

    def value(self, value: Any, style: str, indent: str | None) -> str:
        """Return a value; over several lines, indented from `indent` on, if that is given."""


class YamlNotation:
    """YAML's flow style, in one line."""

    def key(self, text: str) -> str:
        return yaml_text.key(text)

    def value(self, value: Any, style: str, _indent: str | None) -> str:
        return yaml_text.in_brackets(value, style)


class JsonNotation:
    """JSON, indented as the file already is."""

    def __init__(self, text: str) -> None:
        found = re.search(r"\n([ \t]+)\S", text)
        self._unit: str | int = found[1] if found else 2
        self._ascii = text.isascii() and "\\u" in text

    def key(self, text: str) -> str:
        return json.dumps(text, ensure_ascii=self._ascii)

    def value(self, value: Any, _style: str, indent: str | None) -> str:
        if indent is None:
            return json.dumps(value, ensure_ascii=self._ascii)
        return json.dumps(value, ensure_ascii=self._ascii, indent=self._unit).replace("\n", "\n" + indent)


class FlowLayout:
    """Edits collections that are written in brackets."""

    def __init__(self, text: str, notation: Notation) -> None:
        self._text, self._notation = text, notation

    def replace(self, parent: Node, entry: Entry, value: Any) -> TextEdit:
        old = entry.node
        anchor = f"&{old.anchor} " if old.anchor and old.kind != "alias" else ""
        text = anchor + self._notation.value(value, old.style, self._indent(parent))
        return TextEdit(entry.slot, old.end, " " + text) if old.empty else TextEdit(old.start, old.end, text)

    def insert(self, parent: Node, step: Step, value: Any) -> TextEdit:
        text = self._notation.value(value, "", self._indent(parent))
        if isinstance(step, str):
            text = f"{self._notation.key(step)}: {text}"
        if not parent.entries:
            opening = parent.start + self._text[parent.start : parent.end].index("{[["[parent.kind == "sequence"])
            return TextEdit(opening + 1, parent.end - 1, text)
        last = parent.entries[-1]
        commented = _COMMENT_AFTER.match(self._text, last.node.end)
        if commented:
            trailing, note = commented.groups()
            indent = " " * column(self._text, last.start)
            return TextEdit(last.node.end, commented.end(), f",{note}\n{indent}{text}{trailing}")
        return TextEdit(last.node.end, last.node.end, f",{self._gap(parent)}{text}")

    def insert_before(self, parent: Node, entry: Entry, value: Any) -> TextEdit:
        indent = self._indent(parent)
        text = self._notation.value(value, "", indent)
        return TextEdit(entry.start, entry.start, f"{text}, " if indent is None else f"{text},\n{indent}")

    def remove(self, parent: Node, entry: Entry) -> TextEdit:
        before, after = neighbours(parent, entry)
        if after:
            kept = _ENTRY_END.sub("", self._text[entry.node.end : after.start])
            return TextEdit(entry.start, after.start, kept)
        start = before.node.end if before else parent.start + 1
        if "#" in self._text[start : entry.start]:
            start = entry.start
        return TextEdit(start, entry.node.end, "")

    def root(self, old: Node, value: Any) -> TextEdit:
        """Return the edit that gives another value to a document that is null."""
        return TextEdit(old.start, old.end, self._notation.value(value, "", None))

    def _gap(self, parent: Node) -> str:
        """Return the space between a comma and the entry after it."""
        if len(parent.entries) > 1:
            between = self._text[parent.entries[-2].node.end : parent.entries[-1].start]
            gap = between.partition(",")[2]
            line = gap.rpartition("\n")
            return gap if not gap.strip() else "\n" + line[2] if line[1] and not line[2].strip() else " "
        gap = self._text[parent.start + 1 : parent.entries[0].start]
        return gap if "\n" in gap and not gap.strip() else " "

    def _indent(self, parent: Node) -> str | None:
        """Return the indentation of the entries' lines, if each entry has its own line."""
        if not parent.entries:
            return None
        start = line_start(self._text, parent.entries[-1].start)
        space = self._text[start : parent.entries[-1].start]
        return space if start and not space.strip() else None
