"""Quotes what a forge or git wrote: in one line, of bounded length, and without characters that a terminal would obey."""

from __future__ import annotations

import re
import unicodedata

_ESCAPE_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|.)")
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn"}


def printable(text: str, kept: str = "") -> str:
    """Return the text with visible escapes, such as `\\x1b` or `\\u202e`, for what a terminal, a browser or a reader of lines would obey.

    That is every character which Unicode gives no shape: control and format characters, separators of lines, halves of surrogates, and
    those that it has not assigned; but not what is in `kept`.
    """
    return text if text.isprintable() else "".join(char if char in kept else _escape(char) for char in text)


def _escape(char: str) -> str:
    if char.isprintable() or unicodedata.category(char) == "Zs":
        return char
    return char.encode("unicode_escape").decode()


def quote(text: str, limit: int) -> str:
    """Return the text in one line, cut after `limit` characters."""
    spaced = " ".join(_ESCAPE_SEQUENCE.sub("", text).split())
    visible = "".join(char for char in spaced if unicodedata.category(char) not in _INVISIBLE)
    return visible if len(visible) <= limit else f"{visible[:limit].rstrip()}…"
