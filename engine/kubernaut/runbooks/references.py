"""`$(params.NAME)` in the parameters of a step.

A string that is one reference takes the parameter's value with its type; in a longer string the value is inserted as text. `$$(` stands
for `$(`, and any other `$(` for itself. A value that was inserted is never read again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from kubernaut.api.execution import MAX_PARAMETERS_BYTES
from kubernaut.api.runbook import PARAMETER_NAME
from kubernaut.errors import InputError

_TOKEN = re.compile(rf"\$\$\(|\$\(params\.(?P<name>{PARAMETER_NAME})\)|(?P<broken>\$\(params\b[^()\s]{{0,40}}\)?)")
Path = tuple[str | int, ...]
"""Where a value is: keys and indices."""


def references(value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Yield each reference: where it is, and the name of the parameter."""
    for where, text in _texts(value, path):
        for token in _TOKEN.finditer(text):
            if token["name"]:
                yield where, token["name"]


def reference_problems(value: Any, known: Collection[str], path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Yield what is wrong with references: one that is not complete, one to a parameter that is not declared, and one in a key."""
    for where, key in _keys(value, path):
        if _TOKEN.search(key):
            yield where, f"the key {key[:60]!r} holds a reference: only values can; write the key out"
    for where, text in _texts(value, path):
        for token in _TOKEN.finditer(text):
            if token["broken"]:
                yield where, f"{token['broken']!r} is not complete: write $(params.NAME), or $$( for a literal $("
            elif token["name"] and token["name"] not in known:
                yield where, _unknown(token["name"], known)


@dataclass(slots=True)
class Substitution:
    """Replaces references by values, up to a size: values that are inserted many times must not fill the memory."""

    values: Mapping[str, Any]
    room: int = field(default=MAX_PARAMETERS_BYTES)
    """Characters that may still be written."""

    def apply(self, value: Any) -> Any:
        """Return the value with every reference replaced. Raises InputError when it becomes larger than what reaches a pod."""
        if isinstance(value, dict):
            return {key: self.apply(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.apply(inner) for inner in value]
        return self._text(value) if isinstance(value, str) else value

    def _text(self, text: str) -> Any:
        whole = _TOKEN.fullmatch(text)
        if whole and whole["name"]:
            value = self.values[whole["name"]]
            self._take(len(as_text(value)))
            return value
        parts, end = [], 0
        for token in _TOKEN.finditer(text):
            inserted = "$(" if token["name"] is None else as_text(self.values[token["name"]])
            self._take(token.start() - end + len(inserted))
            parts += [text[end : token.start()], inserted]
            end = token.end()
        self._take(len(text) - end)
        return "".join((*parts, text[end:]))

    def _take(self, characters: int) -> None:
        self.room -= characters
        if self.room < 0:
            raise InputError(
                f"the parameters exceed the {MAX_PARAMETERS_BYTES // 1024} KiB that reach a pod; shorten them"
            )


def as_text(value: Any) -> str:
    """Return a value as it is inserted into a longer text: `true`, `5`, `0.5`, and text as it is."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def dotted(path: Path) -> str:
    """Return a path as messages show it: `limits.memory`, `changes[0].path`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def did_you_mean(name: str, known: Collection[str]) -> str:
    """Return `; did you mean NAME?` if a known name is similar, else ""."""
    near = get_close_matches(name, known, 1, 0.7)
    return f"; did you mean {near[0]}?" if near else ""


def _unknown(name: str, known: Collection[str]) -> str:
    listed = f"its parameters are {', '.join(sorted(known))}" if known else "the runbook has no parameters"
    return f"$(params.{name}): there is no such parameter, {listed}{did_you_mean(name, known)}"


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    for where, inner in _children(value, path):
        yield from _texts(inner, where)


def _keys(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    for where, inner in _children(value, path):
        if isinstance(value, dict):
            yield path, str(where[-1])
        yield from _keys(inner, where)


def _children(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield (*path, key), inner
