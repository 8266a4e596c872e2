"""Reads JSON into the same tree as YAML, with the positions that the standard library's parser does not report."""

from __future__ import annotations

import json
import re
from typing import Any

from kubernaut_gitops_pr.tree import MAX_DIGITS, Counter, EditError, Entry, Node, check_number

_SPACE = re.compile(r"[ \t\n\r]*")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_ATOM = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null", re.ASCII)


def parse(text: str) -> list[Node]:
    """Return the document of the file, or nothing if it is empty. Raises EditError naming the line that is not valid JSON."""
    scanner = _Scanner(text)
    at = scanner.past_space(0)
    if at == len(text):
        return []
    root = scanner.node(at)
    if (rest := scanner.past_space(root.end)) != len(text):
        raise scanner.error(rest)
    return [root]


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._counter = Counter()

    def past_space(self, at: int) -> int:
        found = _SPACE.match(self._text, at)
        return found.end() if found else at

    def error(self, at: int) -> EditError:
        line = self._text.count("\n", 0, at) + 1
        found = self._text[at : at + 20]
        remedy = (
            "; comments and commas before a closing bracket are not JSON: remove them" if found[:1] in {*"/#]}"} else ""
        )
        return EditError(f"is not valid JSON: line {line} has {found!r}{remedy}")

    def node(self, at: int) -> Node:
        self._counter.enter()
        self._counter.depth += 1
        node = self._value(at)
        self._counter.depth -= 1
        if not node.entries:
            self._counter.add(1)
        return node

    def _value(self, at: int) -> Node:
        char = self._text[at : at + 1]
        if char == "{":
            return self._mapping(at)
        if char == "[":
            return self._sequence(at)
        if char == '"':
            value, end = self._string(at)
            return Node("scalar", at, end, value, style='"', text=value)
        atom = _ATOM.match(self._text, at)
        if not atom:
            raise self.error(at)
        check_number(atom[0], self._text.count("\n", 0, at) + 1 if len(atom[0]) > MAX_DIGITS else 0)
        return Node("scalar", at, atom.end(), json.loads(atom[0]), text=atom[0])

    def _string(self, at: int) -> tuple[str, int]:
        found = _STRING.match(self._text, at)
        if not found:
            raise self.error(at)
        try:
            return json.loads(found[0]), found.end()
        except ValueError:
            raise self.error(at) from None

    def _sequence(self, start: int) -> Node:
        entries: list[Entry] = []
        at = self.past_space(start + 1)
        while self._text[at : at + 1] != "]" or entries:
            node = self.node(at)
            entries.append(Entry(len(entries), at, at, node))
            at, more = self._past_comma(node.end, "]")
            if not more:
                break
        data = [entry.node.data for entry in entries]
        return Node("sequence", start, at + 1, data, tuple(entries), flow=True)

    def _mapping(self, start: int) -> Node:
        entries: list[Entry] = []
        data: dict[str, Any] = {}
        at = self.past_space(start + 1)
        while self._text[at : at + 1] != "}" or entries:
            key, end = self._string(at)
            colon = self.past_space(end)
            if self._text[colon : colon + 1] != ":":
                raise self.error(colon)
            if key in data:
                raise EditError(
                    f"has the key {key} twice, again in line {self._text.count(chr(10), 0, at) + 1}: remove one of them"
                )
            node = self.node(self.past_space(colon + 1))
            entries.append(Entry(key, at, colon + 1, node))
            data[key] = node.data
            at, more = self._past_comma(node.end, "}")
            if not more:
                break
        return Node("mapping", start, at + 1, data, tuple(entries), flow=True)

    def _past_comma(self, at: int, closing: str) -> tuple[int, bool]:
        """Return where the next entry starts and True, or where the closing bracket is and False."""
        at = self.past_space(at)
        char = self._text[at : at + 1]
        if char not in {",", closing} or not char:
            raise self.error(at)
        return (self.past_space(at + 1), True) if char == "," else (at, False)
