"""Edits of YAML collections in block style: whole lines, indented as the file already is."""

from __future__ import annotations

import re
from collections import deque
from functools import cached_property
from typing import Any

from kubernaut_gitops_pr import block_scalars, yaml_text
from kubernaut_gitops_pr.paths import Step
from kubernaut_gitops_pr.text_edits import TextEdit, column, line_end, line_start, neighbours
from kubernaut_gitops_pr.tree import EditError, Entry, Node

_BLOCK_STYLES = {"|", ">"}
_COMMENT = re.compile(r"(?:^|[ \t])[ \t]*#.*")
_BLANK_LINES = re.compile(r"(?:\n[ \t]*(?=\n|\Z))*\n?")


class BlockLayout:
    """Edits collections that are written in lines."""

    def __init__(self, text: str, roots: list[Node]) -> None:
        self._text, self._roots = text, roots

    def replace(self, parent: Node, entry: Entry, value: Any) -> TextEdit:
        old = entry.node
        if old.style in _BLOCK_STYLES and isinstance(value, str) and (edit := self._rewrite(parent, old, value)):
            return edit
        anchor = f" &{old.anchor}" if old.anchor and old.kind != "alias" else ""
        if self._fits_in_line(old, value):
            return TextEdit(old.start, old.end, f"{anchor} {yaml_text.flow(value, old.style)}"[0 if old.empty else 1 :])
        text = self._format(parent, value)
        if old.empty and text.startswith("\n"):
            return self._below(old.end, anchor + text[1:])
        comments, end = self._comments(entry)
        at = column(self._text, parent.entries[0].start)
        return TextEdit(entry.slot, end, anchor + self._close(_with_comments(text, comments, at), end, value))

    def insert(self, parent: Node, step: Step, value: Any) -> TextEdit:
        return self._below(parent.end, self._entry(parent, step, value), value)

    def insert_before(self, parent: Node, entry: Entry, value: Any) -> TextEdit:
        start = line_start(self._text, entry.start)
        if self._text[start : entry.start].strip():
            raise EditError("the list starts within a line: nothing can be added before its first item")
        indent = " " * column(self._text, entry.start)
        while start and self._text[line_start(self._text, start - 1) : start].startswith(f"{indent}#"):
            start = line_start(self._text, start - 1)
        return TextEdit(start, start, self._entry(parent, 0, value) + "\n")

    def remove(self, parent: Node, entry: Entry) -> TextEdit:
        start = line_start(self._text, entry.start)
        before, after = neighbours(parent, entry)
        if self._text[start : entry.start].strip():
            end = self._past_line(entry.node)
            return (
                TextEdit(entry.start, after.start, self._text[end : after.start].lstrip())
                if after
                else TextEdit(entry.start, entry.node.end, "")
            )
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

    def _entry(self, parent: Node, step: Step, value: Any) -> str:
        """Return the lines of a new entry."""
        at = column(self._text, parent.entries[0].start)
        if isinstance(step, str):
            return f"{' ' * at}{yaml_text.key(step)}:{yaml_text.after(value, at, self._step, self._dash)}"
        return f"{' ' * at}-{yaml_text.item(value, at, self._step, self._dash)}"

    def _below(self, at: int, lines: str, value: Any = None) -> TextEdit:
        """Return the edit that adds lines below the line of this position."""
        if at and self._text[at - 1] == "\n":
            return TextEdit(at, at, lines + "\n")
        end = line_end(self._text, at)
        return TextEdit(end, end, "\n" + self._close(lines, end, value))

    def _close(self, text: str, end: int, value: Any) -> str:
        """Return the text with a newline at the end of a file without one, if the value ends with a newline, too."""
        while isinstance(value, dict | list) and value:
            value = list(value.values())[-1] if isinstance(value, dict) else value[-1]
        needed = end == len(self._text) and isinstance(value, str) and value.endswith("\n") and not text.endswith("\n")
        return text + "\n" if needed else text

    def _rewrite(self, parent: Node, old: Node, value: str) -> TextEdit | None:
        """Return the edit that gives a block scalar another text, or None if it cannot be one any more."""
        source = self._text[old.start : old.end]
        text = block_scalars.rewrite(source, value, column(self._text, parent.entries[0].start), self._step)
        if text is None:
            return None
        end = old.start + len(source.rstrip("\n"))
        if text.endswith("\n"):
            following = _BLANK_LINES.match(self._text, line_end(self._text, end))
            end = following.end() if following else end
        anchor = f"&{old.anchor} " if old.anchor else ""
        return TextEdit(old.start, end, anchor + self._close(text, end, value))

    def _comments(self, entry: Entry) -> tuple[list[str], int]:
        """Return the comments between a key and the lines of its value, and where the replaced text ends.

        The first one, which may be empty, follows the key or the value in the same line; the others have lines of their own.
        """
        old = entry.node
        source = self._text[old.start : old.end].rstrip("\n")
        end = old.start + len(source)
        if old.style in _BLOCK_STYLES:
            return [block_scalars.comment(source)], end
        lines_of_its_own = bool(old.entries) and not old.flow
        content = old.entries[0].start if lines_of_its_own else old.start
        first, *lines = self._text[entry.slot : content].split("\n")
        found = _COMMENT.search(first)
        comments = [found[0] if found else "", *(line.rstrip() for line in lines if line.lstrip().startswith("#"))]
        rest = self._text[end : line_end(self._text, end)]
        if lines_of_its_own:
            return comments, end + len(rest)  # the comment of the last line goes with it
        if rest.lstrip().startswith("#"):
            comments[0] += rest
            end += len(rest)
        return comments, end

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
        several_lines = isinstance(value, str) and "\n" in value and old.style == ""
        return old.style not in _BLOCK_STYLES and not several_lines

    def _format(self, parent: Node, value: Any) -> str:
        """Return the value as it follows the colon of its key, or its dash."""
        write = yaml_text.after if parent.kind == "mapping" else yaml_text.item
        return write(value, column(self._text, parent.entries[0].start), self._step, self._dash)

    @property
    def _step(self) -> int:
        return self._indentation[0]

    @property
    def _dash(self) -> int:
        return self._indentation[1]

    @cached_property
    def _indentation(self) -> tuple[int, int]:
        """Return how much deeper the file indents a nested mapping, and a nested list."""
        steps: list[int] = []
        dashes: list[int] = []
        queue = deque(root for root in self._roots if root.kind == "mapping" and not root.flow)
        while queue and not (steps and dashes):
            parent = queue.popleft()
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


def _with_comments(text: str, comments: list[str], indent: int) -> str:
    """Return a value as it follows its key, with the comments of the value that it replaces.

    Below a block scalar, they are indented as its key is: further in, they would be part of its text.
    """
    same_line, *lines = comments
    first, newline, rest = text.partition("\n")
    if first and newline:
        own = "".join(f"\n{' ' * indent}{line.lstrip()}" for line in lines)
        return f"{first}{same_line}\n{rest}{own}"
    own = "".join(f"\n{line}" for line in lines)
    return f"{first}{same_line}{own}{newline}{rest}"
