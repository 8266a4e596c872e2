"""The values of a change as text, and a change of several lines as a diff."""

from __future__ import annotations

import difflib
import json
import re

from kubernaut.api.plugin import Change
from kubernaut.printable import replace_unseen

_LINE = re.compile("[^\n]*\n?")
_WORDS = {"absent", "true", "false", "null"}
_PLAIN = re.compile(r'(?![-+\d.eE]*$|["\[{\s])[^→\n]*(?<!\s)')
"""A text that can be taken for nothing else: no number, list, mapping or quotation, and no blank or line break that would not be seen."""


def has_several_lines(change: Change) -> bool:
    """Whether it is read best as a diff."""
    return any(isinstance(value, str) and "\n" in value.strip() for value in (change.before, change.after))


def diff_lines(change: Change, limit: int | None = None) -> list[str]:
    """Return the lines that differ, with two lines around them; of more than `limit`, the first ones and how many more there are.

    Only a newline ends a line: any other separator that a text contains is part of its lines, and seen as such.
    """
    old, new = (_lines(_text(value)) if value is not None else [] for value in (change.before, change.after))
    lines = [part for line in list(difflib.unified_diff(old, new, n=2))[2:] for part in _without_end(line)]
    if limit is None or len(lines) <= limit:
        return lines
    return [*lines[:limit], f"… and {len(lines) - limit} more lines"]


def absence(change: Change) -> str:
    """Return when the field of a diff is absent, which an empty side does not tell from an empty text."""
    return "".join(f" (absent {when})" for when in ("before", "after") if getattr(change, when) is None)


def value_text(value: object, limit: int | None = None) -> str:
    """Return a value in one line, cut after `limit` characters: text as it is, anything else as JSON."""
    text = "absent" if value is None else _text(value).replace("\n", "⏎")
    return text if limit is None or len(text) <= limit else f"{text[:limit]}…"


def exact_text(value: object) -> str:
    """Return the whole value in one line, as who approves it must see it: no two values look the same, and nothing is invisible.

    A text that could be taken for something else is in quotes, and what cannot be seen is U+FFFD.
    """
    if value is None:
        return "absent"
    is_plain = isinstance(value, str) and value not in _WORDS and _PLAIN.fullmatch(value) is not None
    return replace_unseen(str(value) if is_plain else json.dumps(value, ensure_ascii=False))


def _lines(text: str) -> list[str]:
    """Return the lines, each with its newline; the last one may have none."""
    return [line for line in _LINE.findall(text) if line]


def _without_end(line: str) -> list[str]:
    """Return the line of a diff without its newline, or with a note below it that it has none."""
    return [line[:-1]] if line.endswith("\n") else [line, "\\ no newline at the end"]


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
