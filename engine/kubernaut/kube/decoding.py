"""JSON and log lines from outside, decoded without trusting their shape.

Parsers give up at some level of nesting, and a custom resource with free-form parameters may have more: one
such object must cost itself alone, never the list or the watch that it comes with.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import AsyncIterator
from typing import Any

from pydantic_core import from_json

_DEEPEST = 100
_LONGEST_LINE = 64 * 1024
_OPEN, _CLOSE, _QUOTE, _BACKSLASH = b"[{", b"]}", ord('"'), ord("\\")


def decoded(data: bytes) -> Any:
    """The document; what is nested deeper than a parser can read is replaced by null. Raises ValueError for what is no JSON."""
    try:
        return from_json(
            data
        )  # pydantic's parser: half the time of Python's own, and the engine decodes every change that it watches
    except ValueError:
        return json.loads(
            _shallow(data)
        )  # nested too deeply for it, or a surrogate that it does not take, or no JSON at all


async def lines_of(chunks: AsyncIterator[bytes]) -> AsyncIterator[str]:
    """Text that comes in pieces, line by line; a line without end is cut, not gathered."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    rest = ""
    async for chunk in chunks:
        *lines, rest = (rest + decoder.decode(chunk)).split("\n")
        for line in lines:
            yield line
        if len(rest) > _LONGEST_LINE:
            yield rest
            rest = ""
    rest += decoder.decode(b"", final=True)
    if rest:
        yield rest


def depth(value: Any) -> int:
    """How deep a document is nested."""
    deepest, level = 0, [value]
    while level:
        deepest += 1
        level = [inner for outer in level if isinstance(outer, dict | list) for inner in _children(outer)]
    return deepest


def _children(value: dict[str, Any] | list[Any]) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value


def _shallow(data: bytes) -> bytes:
    """The same document with everything below the deepest level taken out."""
    kept, level, text, escaped = bytearray(), 0, False, False
    for byte in data:
        if text:
            text, escaped = escaped or byte != _QUOTE, not escaped and byte == _BACKSLASH
        elif byte == _QUOTE:
            text = True
        elif byte in _OPEN:
            level += 1
            if level == _DEEPEST + 1:
                kept += b"null"
        if level <= _DEEPEST:
            kept.append(byte)
        if not text and byte in _CLOSE:
            level -= 1
    return bytes(kept)
