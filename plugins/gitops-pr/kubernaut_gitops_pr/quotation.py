"""Quotes what a forge or git wrote: in one line, of bounded length, and without characters that a terminal would obey."""

from __future__ import annotations

import re
import unicodedata

_ESCAPE_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|.)")
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn"}


def quote(text: str, limit: int) -> str:
    """Return the text in one line, cut after `limit` characters."""
    spaced = " ".join(_ESCAPE_SEQUENCE.sub("", text).split())
    visible = "".join(char for char in spaced if unicodedata.category(char) not in _INVISIBLE)
    return visible if len(visible) <= limit else f"{visible[:limit].rstrip()}…"
