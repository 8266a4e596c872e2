"""Finds a token in what others wrote, in every form in which they may repeat it.

A forge or git may echo a token as it is, or quoted: percent-encoded (RFC 3986), with escapes of JSON, C or HTML, one in another; in base64
(RFC 4648, either alphabet) within a longer text, so at any of three alignments; or in hexadecimal. It may echo only a part, because it cut
its own words, or spread it with characters that do not show. So the text is decoded step by step, and what is looked for after each step is
not the token but any piece of it that is too long to be there by chance.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from urllib.parse import quote

_PIECE, _BASE64_PIECE, _HEX_PIECE = 8, 10, 16
"""How many characters of a form are a piece: each is about eight characters of the token."""
_SHORTEST_END = 4
"""How many characters of the token are enough at the end of a text, where a token may have been cut."""
_MAX_ROUNDS = 4
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_UNIT = re.compile(
    r"%(?P<percent>[0-9A-Fa-f]{2})"
    r"|(?<!\\)\\++(?:u00(?P<json>[0-9A-Fa-f]{2})|x(?P<c>[0-9A-Fa-f]{2})|(?P<octal>[01][0-7]{2})|[nrtbf]|(?P<plain>[^A-Za-z0-9\s\\]))"
    r"|&\#x0*(?P<hexadecimal>[0-9A-Fa-f]{2});"
    r"|&\#0*(?P<decimal>[0-9]{2,3});"
    r"|&(?P<entity>amp|lt|gt|quot|apos);"
    r"|\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])"
    r"|[^ -~]"
)
"""An encoded character, an escape sequence of a terminal, or a character that is in no token."""
_BASES = {"percent": 16, "json": 16, "c": 16, "octal": 8, "hexadecimal": 16, "decimal": 10}
_BASE64_WORD = re.compile(r"[A-Za-z0-9+/_-]*=*")


class Scrubber:
    """Removes one token from texts."""

    def __init__(self, token: str) -> None:
        self._token = token
        escaped = json.dumps(token)[1:-1]  # a backslash of its own, before a letter, is not decoded as one
        pieces = {*_pieces(token, _PIECE), *_pieces(escaped, _PIECE), *_pieces(token.encode().hex(), _HEX_PIECE)}
        pieces |= set(_pieces(token.encode().hex().upper(), _HEX_PIECE))
        encoded = {form for plain in {token, quote(token, safe="")} for form in _in_base64(plain)}
        self._pieces = _starts_of(pieces)
        self._encoded = _starts_of({piece for form in encoded for piece in _pieces(form, _BASE64_PIECE)})

    def scrub(self, text: str) -> str:
        """Return the text with `***` for the token and for each piece of it."""
        spans = sorted(self._spans(text))
        written: list[str] = []
        at = 0
        for start, end in spans:
            if end <= at:
                continue
            if start > at or not written:
                written += [text[at:start], "***"]
            at = end
        return "".join([*written, text[at:]]) if written else text

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield where the text has a piece of the token: start and end; they may overlap."""
        decoded, starts = text, range(len(text) + 1)
        for _ in range(_MAX_ROUNDS):
            for start, end in self._spans_as_it_is(decoded):
                yield starts[start], starts[end]
            if not _UNIT.search(decoded):
                return
            decoded, places = _decode(decoded)
            starts = [starts[place] for place in places]  # type: ignore[assignment]

    def _spans_as_it_is(self, text: str) -> Iterator[tuple[int, int]]:
        for found in self._pieces.finditer(text):
            yield found.start(), found.start() + len(found[1])
        for found in self._encoded.finditer(text):
            word = _BASE64_WORD.match(text, found.start())
            start = found.start()
            while start and _BASE64_WORD.fullmatch(text, start - 1, start):
                start -= 1
            yield start, word.end() if word else found.end()
        for length in range(min(_PIECE, len(self._token)), _SHORTEST_END - 1, -1):
            if text.endswith(self._token[:length]):
                yield len(text) - length, len(text)
                return


def _pieces(form: str, length: int) -> Iterator[str]:
    length = min(length, len(form))
    return (form[at : at + length] for at in range(len(form) - length + 1))


def _starts_of(pieces: set[str]) -> re.Pattern[str]:
    """Return a pattern that matches before each piece; the group is the piece."""
    return re.compile(f"(?=({'|'.join(map(re.escape, sorted(pieces, key=len, reverse=True)))}))")


def _in_base64(plain: str) -> Iterator[str]:
    """Yield the characters that stand for this text alone, at each alignment and in each alphabet."""
    for before in range(3):
        data = b"\0" * before + plain.encode()
        first, last = -(-before * 8 // 6), len(data) * 8 // 6
        yield base64.b64encode(data).decode()[first:last]
        yield base64.urlsafe_b64encode(data).decode()[first:last]


def _decode(text: str) -> tuple[str, list[int]]:
    """Return the text with each unit decoded or left out, and where each of its characters was, and the end."""
    pieces: list[str] = []
    places: list[int] = []
    at = 0
    for unit in _UNIT.finditer(text):
        char = _char(unit)
        pieces += [text[at : unit.start()], char]
        places += [*range(at, unit.start()), *([unit.start()] if char else [])]
        at = unit.end()
    pieces.append(text[at:])
    places += range(at, len(text) + 1)
    return "".join(pieces), places


def _char(unit: re.Match[str]) -> str:
    """Return the character that a unit stands for, or "" if it is none that a token can contain."""
    kind = unit.lastgroup
    if kind in _BASES:
        return chr(int(unit[kind], _BASES[kind]))
    if kind == "entity":
        return _ENTITIES[unit["entity"]]
    return unit["plain"] if kind == "plain" else ""
