"""Edits of YAML collections in block style: whole lines, indented as the file already is."""

from __future__ import annotations

from typing import Any

from kubernaut_gitops_pr import yaml_text
from kubernaut_gitops_pr.paths import Step
from kubernaut_gitops_pr.splices import Splice, column, line_end, line_start, neighbours
from kubernaut_gitops_pr.tree import Entry, Node


class BlockLayout:
    """Collections in lines."""

    def __init__(self, text: str, roots: list[Node]) -> None:
        self._text = text
        self._step, self._dash = self._habits(roots)

    def replace(self, parent: Node, entry: Entry, value: Any) -> Splice:
        old = entry.node
        anchor = f" &{old.anchor}" if old.anchor and old.kind != "alias" else ""
        if self._stays_in_line(old, value):
            return Splice(old.start, old.end, f"{anchor} {yaml_text.flow(value, old.style)}"[0 if old.empty else 1 :])
        written = self._written(parent, value)
        if old.empty and written.startswith("\n"):
            return self._below(old.end, anchor + written[1:])
        return Splice(entry.slot, old.end, anchor + written)

    def insert(self, parent: Node, step: Step, value: Any) -> Splice:
        at = column(self._text, parent.entries[0].start)
        if isinstance(step, str):
            lines = f"{' ' * at}{yaml_text.key(step)}:{yaml_text.after(value, at, self._step, self._dash)}"
        else:
            lines = f"{' ' * at}-{yaml_text.item(value, at, self._step, self._dash)}"
        return self._below(parent.end, lines)

    def remove(self, parent: Node, entry: Entry) -> Splice:
        begin = line_start(self._text, entry.start)
        before, after = neighbours(parent, entry)
        if self._text[begin : entry.start].strip():
            return Splice(entry.start, after.start if after else entry.node.end, "")
        end = self._past_line(entry.node)
        if end == len(self._text) and not self._text.endswith("\n") and before:
            begin -= 1
        return Splice(begin, end, "")

    def root(self, lines: str) -> Splice:
        """The first value of a document that has none yet."""
        return self._below(len(self._text), lines) if self._text else Splice(0, 0, lines + "\n")

    def document(self, value: Any) -> str:
        """A whole document."""
        return yaml_text.block(value, 0, self._step, self._dash) if value else yaml_text.flow(value)

    def _below(self, at: int, lines: str) -> Splice:
        """New lines below the line of this place."""
        if at and self._text[at - 1] == "\n":
            return Splice(at, at, lines + "\n")
        end = line_end(self._text, at)
        return Splice(end, end, "\n" + lines)

    def _past_line(self, node: Node) -> int:
        if node.end and self._text[node.end - 1] == "\n":
            return node.end
        return min(line_end(self._text, node.end) + 1, len(self._text))

    def _stays_in_line(self, old: Node, value: Any) -> bool:
        """Is the old value written in a line that the new one can take over?"""
        if old.kind in {"mapping", "sequence"}:
            return old.flow
        if isinstance(value, dict | list) and value:
            return False
        several_lines = isinstance(value, str) and "\n" in value and old.style in {"", "|", ">"}
        return old.style not in {"|", ">"} and not several_lines

    def _written(self, parent: Node, value: Any) -> str:
        """The value as it follows its key's colon or its dash."""
        write = yaml_text.after if parent.kind == "mapping" else yaml_text.item
        return write(value, column(self._text, parent.entries[0].start), self._step, self._dash)

    def _habits(self, roots: list[Node]) -> tuple[int, int]:
        """How much deeper the file writes a nested mapping, and a nested list."""
        steps: list[int] = []
        dashes: list[int] = []
        waiting = [root for root in roots if root.kind == "mapping" and not root.flow]
        while waiting and not (steps and dashes):
            parent = waiting.pop(0)
            for entry in parent.entries:
                inner = entry.node
                if not inner.entries or inner.flow:
                    continue
                deeper = column(self._text, inner.entries[0].start) - column(self._text, parent.entries[0].start)
                (dashes if inner.kind == "sequence" else steps).append(deeper)
                waiting += (
                    [inner]
                    if inner.kind == "mapping"
                    else [i.node for i in inner.entries if i.node.kind == "mapping" and not i.node.flow]
                )
        step = next((s for s in steps if s > 0), 2)
        return step, next((d for d in dashes if d >= 0), step)
