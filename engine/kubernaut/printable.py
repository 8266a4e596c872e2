"""Removes from text of strangers what would steer a terminal or deceive a reader: escape sequences, control characters, and characters
that change the direction of text or break a line where none is seen.

The pod side uses it too, so it imports nothing but the standard library.
"""

from __future__ import annotations

import re

_SEQUENCES = re.compile(
    "(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]"  # control sequences, such as colours
    "|(?:\x1b[\\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x90\x98\x9c-\x9f]{0,2000}(?:\x07|\x1b\\\\|\x9c)"  # strings, such as a window's title
    "|\x1b[ -/]*[0-~]"
)
"""ECMA-48's escape sequences."""
_HARMFUL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f"
    "\u3164\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
"""C0 (other than tab and newline), DEL, C1; invisible, bidirectional and separating characters; surrogates without a partner."""

_UNSEEN = re.compile(
    "[\u00a0\u1680\u2000-\u200a\u200c\u200d\u202f\u205f\u2800\u3000\ufe00-\ufe0f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0100-\U000e01ef]"
)
"""What harms nothing and cannot be seen, or not be told from a space: blanks of other widths, joiners, selectors of variants."""


def printable(text: str) -> str:
    """Return the text without escape sequences and harmful characters; tabs and newlines stay."""
    return _HARMFUL.sub("", _SEQUENCES.sub("", text)) if _HARMFUL.search(text) else text


def replace_harmful(text: str) -> str:
    """Return the text with each harmful character replaced by U+FFFD, so that a reader sees that something was there."""
    return _HARMFUL.sub("\N{REPLACEMENT CHARACTER}", text)


def replace_unseen(text: str) -> str:
    """Return the text with harmful characters and all others that a reader could overlook replaced by U+FFFD."""
    return _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", replace_harmful(text))


def is_printable(text: str) -> bool:
    """Whether nothing would be removed from the text, and it is one line."""
    return not _HARMFUL.search(text) and "\n" not in text and "\t" not in text


def escape_harmful(document: str) -> str:
    """Return a JSON document with every harmful character in its strings written as `\\uXXXX`, which means the same."""
    return _HARMFUL.sub(lambda found: _escaped(found[0]), document)


def _escaped(char: str) -> str:
    """Return a character as JSON escapes it: one beyond U+FFFF by its two surrogates."""
    units = char.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
