"""Reads YAML into trees, one for each document, from the events of ruamel.yaml's parser.

Only the events say where each value is written, including aliases. Values have the types of YAML 1.2; dates are text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.nodes import ScalarNode

from kubernaut_gitops_pr import block_scalars, yaml_text
from kubernaut_gitops_pr.tree import Counter, EditError, Entry, Node, check_number
from kubernaut_gitops_pr.yaml_scanner import TabScanner

_MERGE = "tag:yaml.org,2002:merge"
_COLON = re.compile(r"\s*:")
_LINE = re.compile(r"[^\n]+")
_DASH = re.compile(r"(?<!\S)-(?!\S)")
_COMMENT = re.compile(r"(?<!\S)#.*")
_TEXT_TAGS = {None, "!", "tag:yaml.org,2002:str"}


def parse(text: str) -> list[Node]:
    """Return the root of each document. Raises EditError naming the line that is not valid YAML."""
    try:
        return list(_Builder(text).documents())
    except YAMLError as error:
        raise EditError(f"is not valid YAML{_explain(error, text)}") from error
    except RecursionError:
        raise EditError("is nested too deeply to be read") from None


@dataclass(frozen=True, slots=True)
class _Anchor:
    """A node with an anchor, and what each alias of it adds to the file: values, and levels of nesting."""

    node: Node
    values: int
    levels: int


class _Builder:
    """One pass over the events of one file."""

    def __init__(self, text: str) -> None:
        self._text = text
        yaml = YAML(typ="safe", pure=True)
        yaml.Scanner = TabScanner
        self._events: Iterator[Any] = iter(yaml.parse(text))
        self._resolver = yaml.resolver
        self._anchors: dict[str, _Anchor] = {}
        self._counter = Counter()

    def documents(self) -> Iterator[Node]:
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                self._anchors = {}
                yield self._node(next(self._events), event.end_mark.index)

    def _node(self, event: Any, slot: int) -> Node:
        if isinstance(event, AliasEvent):
            return self._alias(event)
        counter = self._counter
        outer, before = counter.deepest, counter.values
        counter.deepest = counter.depth
        counter.enter()
        counter.depth += 1
        if isinstance(event, ScalarEvent):
            node = self._scalar(event, slot)
        elif isinstance(event, MappingStartEvent):
            node = self._mapping(event)
        else:
            node = self._sequence(event)
        counter.depth -= 1
        if not node.entries:
            counter.add(1)
        if node.anchor:
            self._anchors[node.anchor] = _Anchor(node, counter.values - before, counter.deepest - counter.depth)
        counter.deepest = max(outer, counter.deepest)
        return node

    def _alias(self, event: Any) -> Node:
        if event.anchor not in self._anchors:
            raise EditError(f"uses the alias *{event.anchor}, but there is no anchor &{event.anchor} before it")
        anchor = self._anchors[event.anchor]
        self._counter.add(anchor.values)
        self._counter.enter(anchor.levels)
        start, end = event.start_mark.index, event.end_mark.index
        return Node("alias", start, end, anchor.node.data, anchor=event.anchor, ambiguous=anchor.node.ambiguous)

    def _scalar(self, event: Any, slot: int) -> Node:
        start, end = event.start_mark.index, event.end_mark.index
        style = event.style or ""
        if start == end:
            return Node("scalar", slot, slot, None)
        if style in {"|", ">"}:
            end = start + block_scalars.length(self._text[start:end], event.value)
        plain = event.implicit[0]
        tag = str(self._resolver.resolve(ScalarNode, event.value, event.implicit)) if plain else ""
        if tag.endswith((":int", ":float")):
            check_number(event.value, event.start_mark.line + 1)
        data = _typed_value(tag, event.value)
        ambiguous = event.tag not in _TEXT_TAGS or (plain and not yaml_text.reads_alike(event.value, data))
        return Node(
            "scalar", start, end, data, style=style, anchor=event.anchor or "", ambiguous=ambiguous, text=event.value
        )

    def _sequence(self, event: SequenceStartEvent) -> Node:
        entries: list[Entry] = []
        start = end = event.start_mark.index
        while not isinstance(inner := next(self._events), SequenceEndEvent):
            node = self._node(inner, -1)
            dash = node.start if event.flow_style else self._dash(end, inner.start_mark.index)
            if node.start == -1:
                node = Node("scalar", dash + 1, dash + 1, None)
            entries.append(Entry(len(entries), dash, dash if event.flow_style else dash + 1, node))
            end = node.end
        data = [entry.node.data for entry in entries]
        end = inner.end_mark.index if event.flow_style else end
        return self._collection("sequence", event, start, end, data, entries)

    def _mapping(self, event: MappingStartEvent) -> Node:
        entries: list[Entry] = []
        data: dict[Any, Any] = {}
        merged: list[Node] = []
        start, end = event.start_mark.index, event.end_mark.index
        while not isinstance(key := next(self._events), MappingEndEvent):
            name, key_end, is_merge = self._key(key)
            node = self._node(next(self._events), key_end)
            end = node.end
            if is_merge:
                merged.append(node)
                continue
            if name in data:
                raise EditError(
                    f"has the key {name} twice, again in line {key.start_mark.line + 1}: remove one of them"
                )
            data[name] = node.data
            entries.append(Entry(name, key.start_mark.index, key_end, node))
        for node in merged:
            _merge(data, node.data)
        end = key.end_mark.index if event.flow_style else end
        return self._collection("mapping", event, start, end, data, entries)

    def _collection(
        self, kind: Literal["mapping", "sequence"], event: Any, start: int, end: int, data: Any, entries: list[Entry]
    ) -> Node:
        flow, anchor = bool(event.flow_style), event.anchor or ""
        tagged = event.tag is not None
        ambiguous = tagged or any(entry.node.ambiguous for entry in entries)
        return Node(kind, start, end, data, tuple(entries), flow, anchor=anchor, tagged=tagged, ambiguous=ambiguous)

    def _key(self, event: Any) -> tuple[str, int, bool]:
        """Return a key as text, where its value can start, and whether it is a merge key."""
        before = self._counter.values
        node = self._node(event, event.start_mark.index)
        self._counter.values = before  # a key is no value
        colon = _COLON.match(self._text, node.end)
        slot = colon.end() if colon else node.end
        if not isinstance(event, ScalarEvent):
            return self._text[node.start : node.end], slot, False
        return event.value, slot, self._resolver.resolve(ScalarNode, event.value, event.implicit) == _MERGE

    def _dash(self, after: int, before: int) -> int:
        """Return where the dash of an item is; there may be comments around it."""
        for line in _LINE.finditer(self._text, after, max(before, after)):
            if found := _DASH.search(_COMMENT.sub("", line[0])):
                return line.start() + found.start()
        return self._text.find("-", after)


def _explain(error: YAMLError, text: str) -> str:
    """Return where the parser stopped and why, and for a tab what to do about it."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return f": {getattr(error, 'problem', None) or error}"
    if text[mark.index : mark.index + 1] == "\t":
        return (
            f" in line {mark.line + 1}: there is a tab where kubectl, Helm and Flux accept only spaces; "
            "replace it with spaces, or remove it"
        )
    return f" in line {mark.line + 1}: {getattr(error, 'problem', None) or error}"


def _merge(into: dict[Any, Any], source: Any) -> None:
    for mapping in source if isinstance(source, list) else [source]:
        if not isinstance(mapping, dict):
            raise EditError("merges (<<) something that is not a mapping")
        for key, value in mapping.items():
            into.setdefault(key, value)


def _typed_value(tag: str, text: str) -> Any:
    kind = tag.rpartition(":")[2]
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() in {"true", "yes", "on"}
    try:
        if kind == "int":
            return _integer(text)
        if kind == "float":
            return float(text.replace("_", "").lower().replace(".inf", "inf").replace(".nan", "nan"))
    except ValueError:
        return text
    return text


def _integer(text: str) -> int:
    digits = text.replace("_", "")
    return int(digits) if digits.lstrip("+-").isdigit() else int(digits, 0)
