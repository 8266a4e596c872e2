"""The wire format of protobuf: numbered fields, each a number or bytes, and what messages make of them.

Everything here raises ValueError or TypeError for bytes that are not such a message.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_NUMBER, _BYTES = 0, 2
_MAX_NUMBER_BYTES = 10


def read_fields(body: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield the number and the value of each field."""
    position = 0
    while position < len(body):
        tag, position = _number(body, position)
        if tag & 7 == _NUMBER:
            number, position = _number(body, position)
            yield tag >> 3, number
        elif tag & 7 == _BYTES:
            size, position = _number(body, position)
            if size > len(body) - position:
                raise ValueError(f"field {tag >> 3} ends after the message")
            yield tag >> 3, body[position : position + size]
            position += size
        else:
            raise ValueError(f"field {tag >> 3} has wire type {tag & 7}")


def as_bytes(value: Any) -> bytes:
    """Return a value that has the wire type of bytes: `bytes(number)` would be that many zeros."""
    if not isinstance(value, bytes):
        raise TypeError("a field has the wire type of a number")
    return value


def as_signed(value: Any) -> int:
    """Return a value that has the wire type of a number, with its sign."""
    if not isinstance(value, int):
        raise TypeError("a number has the wire type of bytes")
    return value - (1 << 64) if value >= 1 << 63 else value


def _number(body: bytes, position: int) -> tuple[int, int]:
    """Return the number that begins at a position, and the position after it."""
    result = 0
    for index, byte in enumerate(body[position : position + _MAX_NUMBER_BYTES]):
        result |= (byte & 0x7F) << 7 * index
        if not byte & 0x80:
            return result & (1 << 64) - 1, position + index + 1
    raise ValueError("a number does not end")
