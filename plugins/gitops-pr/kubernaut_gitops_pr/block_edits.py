"""Edits of YAML collections in block style: whole lines, indented as the file already is."""

from __future__ import annotations

from typing import Any

from kubernaut_gitops_pr import yaml_text
from kubernaut_gitops_pr.paths import Step
from kubernaut_gitops_pr.text_edits import TextEdit, column, line_end, line_start, neighbours
from kubernaut_gitops_pr.tree import Entry, Node


class BlockLayout:
    """Edits collections that are written in lines."""

    def __init__(self, text: str, roots: list[Node]) -> None:
        self._text = text
        self._step, self._dash = self._indentation(roots)

    def replace(self, parent: Node, entry: Entry, value: Any) -> TextEdit:
        old = entry.node
        anchor = f" &{old.anchor}" if old.anchor and old.kind != "alias" else ""
        if self._fits_in_line(old, value):
            return TextEdit(old.start, old.end, f"{anchor} {yaml_text.flow(value, old.style)}"[0 if old.empty else 1 :])
        text = self._format(parent, value)
        if old.empty and text.startswith("\n"):
            return self._below(old.end, anchor + text[1:])
        return TextEdit(entry.slot, old.end, anchor + text)

    def insert(self, parent: Node, step: Step, value: Any) -> TextEdit:
        at = column(self._text, parent.entries[0].start)
        if isinstance(step, str):
            lines = f"{' ' * at}{yaml_text.key(step)}:{yaml_text.after(value, at, self._step, self._dash)}"
        else:
            lines = f"{' ' * at}-{yaml_text.item(value, at, self._step, self._dash)}"
        return self._below(parent.end, lines)

    def remove(self, parent: Node, entry: Entry) -> TextEdit:
        start = line_start(self._text, entry.start)
        before, after = neighbours(parent, entry)
        if self._text[start : entry.start].strip():
            return TextEdit(entry.start, after.start if after else entry.node.end, "")
        end = self._past_line(entry.node)
        if end == len(self._text) and not self._text.endswith("\n") and before:
            start -= 1
        return TextEdit(start, end, "")

    def root(self, lines: str) -> TextEdit:
        """Return the edit that writes the first value of an empty document."""
        return self._below(len(self._text), lines) if self._text else TextEdit(0, 0, lines + "\n")

    def document(self, value: Any) -> str:
        """Return a whole document."""
        return yaml_text.block(value, 0, self._step, self._dash) if value else yaml_text.flow(value)

    def _below(self, at: int, lines: str) -> TextEdit:
        """Return the edit that adds lines below the line of this position."""
        if at and self._text[at - 1] == "\n":
            return TextEdit(at, at, lines + "\n")
        end = line_end(self._text, at)
        return TextEdit(end, end, "\n" + lines)

    def _past_line(self, node: Node) -> int:
        if node.end and self._text[node.end - 1] == "\n":
            return node.end
        return min(line_end(self._text, node.end) + 1, len(self._text))

    def _fits_in_line(self, old: Node, value: Any) -> bool:
        """Whether the new value can be written in place of the old one, within its line."""
        if old.kind in {"mapping", "sequence"}:
            return old.flow
        if isinstance(value, dict | list) and value:
            return False
        several_lines = isinstance(value, str) and "\n" in value and old.style in {"", "|", ">"}
        return old.style not in {"|", ">"} and not several_lines

    def _format(self, parent: Node, value: Any) -> str:
        """Return the value as it follows the colon of its key, or its dash."""
        write = yaml_text.after if parent.kind == "mapping" else yaml_text.item
        return write(value, column(self._text, parent.entries[0].start), self._step, self._dash)

    def _indentation(self, roots: list[Node]) -> tuple[int, int]:
        """Return how much deeper the file indents a nested mapping, and a nested list."""
        steps: list[int] = []
        dashes: list[int] = []
        queue = [root for root in roots if root.kind == "mapping" and not root.flow]
        while queue and not (steps and dashes):
            parent = queue.pop(0)
            for entry in parent.entries:
                inner = entry.node
                if not inner.entries or inner.flow:
                    continue
                deeper = column(self._text, inner.entries[0].start) - column(self._text, parent.entries[0].start)
                (dashes if inner.kind == "sequence" else steps).append(deeper)
                queue += (
                    [inner]
                    if inner.kind == "mapping"
                    else [i.node for i in inner.entries if i.node.kind == "mapping" and not i.node.flow]
                )
        step = next((s for s in steps if s > 0), 2)
        return step, next((d for d in dashes if d >= 0), step)
