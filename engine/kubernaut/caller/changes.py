"""The values of a change as text, and a change of several lines as a diff."""

from __future__ import annotations

import difflib
import json

from kubernaut.api.plugin import Change


def has_several_lines(change: Change) -> bool:
    """Whether it is read best as a diff."""
    return any(isinstance(value, str) and "\n" in value.strip() for value in (change.before, change.after))


def diff_lines(change: Change, limit: int | None = None) -> list[str]:
    """Return the lines that differ, with two lines around them; of more than `limit`, the first ones and how many more there are."""
    old, new = (_text(value).splitlines() if value is not None else [] for value in (change.before, change.after))
    lines = list(difflib.unified_diff(old, new, n=2, lineterm=""))[2:]
    if limit is None or len(lines) <= limit:
        return lines
    return [*lines[:limit], f"… and {len(lines) - limit} more lines"]


def value_text(value: object, limit: int | None = None) -> str:
    """Return a value in one line, cut after `limit` characters: text as it is, anything else as JSON."""
    text = "absent" if value is None else _text(value).replace("\n", "⏎")
    return text if limit is None or len(text) <= limit else f"{text[:limit]}…"


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
