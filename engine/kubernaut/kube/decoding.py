"""Decodes JSON and log lines from outside, whatever their shape.

Parsers fail at some level of nesting, and the free-form parameters of a custom resource may be nested deeper. Anyone who may create an
execution could so stop every list and watch of the engine; here it affects only itself.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import AsyncIterator
from typing import Any

from pydantic_core import from_json

_MAX_DEPTH = 100
_MAX_LINE_LENGTH = 64 * 1024
_OPEN, _CLOSE, _QUOTE, _BACKSLASH = b"[{", b"]}", ord('"'), ord("\\")


def decode(data: bytes) -> Any:
    """Return the document, with null in place of what is nested too deeply to parse. Raises ValueError for what is not JSON."""
    try:
        return from_json(
            data
        )  # pydantic's parser takes half the time of Python's own, and every watch event is decoded
    except ValueError:  # nested too deeply for it, or a surrogate that it rejects, or not JSON at all
        return json.loads(_shallow(data))


async def lines_of(chunks: AsyncIterator[bytes]) -> AsyncIterator[str]:
    """Yield text that arrives in pieces line by line; a line longer than 64 KiB is split, not collected."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    rest = ""
    async for chunk in chunks:
        *lines, rest = (rest + decoder.decode(chunk)).split("\n")
        for line in lines:
            yield line
        if len(rest) > _MAX_LINE_LENGTH:
            yield rest
            rest = ""
    rest += decoder.decode(b"", final=True)
    if rest:
        yield rest


def _shallow(data: bytes) -> bytes:
    """Return the document with null in place of everything below the deepest level."""
    kept, level, text, escaped = bytearray(), 0, False, False
    for byte in data:
        if text:
            text, escaped = escaped or byte != _QUOTE, not escaped and byte == _BACKSLASH
        elif byte == _QUOTE:
            text = True
        elif byte in _OPEN:
            level += 1
            if level == _MAX_DEPTH + 1:
                kept += b"null"
        if level <= _MAX_DEPTH:
            kept.append(byte)
        if not text and byte in _CLOSE:
            level -= 1
    return bytes(kept)
