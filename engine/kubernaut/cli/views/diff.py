"""Changes as a person reads them: before in red, after in green; a value of several lines as a diff."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from kubernaut.cli.console import escape_markup

_LONGEST, _MOST_LINES = 60, 40
_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def change_lines(changes: Iterable[Mapping[str, Any]]) -> list[str]:
    """Markup, a line or more for each change."""
    return [line for change in changes for line in _one(change)]


def _one(change: Mapping[str, Any]) -> list[str]:
    before, after = change.get("before"), change.get("after")
    if any(isinstance(value, str) and "\n" in value.strip() for value in (before, after)):
        return [f"{_field(change)}:", *(f"  {line}" for line in coloured(_diff(before, after)))]
    return brief_lines([change])


def brief_lines(changes: Iterable[Mapping[str, Any]]) -> list[str]:
    """Markup, one line for each change, long values cut."""
    return [
        f"{_field(change)}: [red]{_shown(change.get('before'))}[/] → [green]{_shown(change.get('after'))}[/]"
        for change in changes
    ]


def _field(change: Mapping[str, Any]) -> str:
    return escape_markup(f"{change['kind']}/{change['name']} {change['field']}")


def coloured(lines: Iterable[str]) -> list[str]:
    """The lines of a diff in its colours, as markup."""
    return [
        f"[{_COLOURS[line[0]]}]{escape_markup(line)}[/]" if line[:1] in _COLOURS else escape_markup(line)
        for line in lines
    ]


def _diff(before: object, after: object) -> list[str]:
    """What differs, with two lines around it, within bounds."""
    old, new = (_text(value).splitlines() if value is not None else [] for value in (before, after))
    lines = list(difflib.unified_diff(old, new, n=2, lineterm=""))[2:]
    left_out = len(lines) - _MOST_LINES
    return lines if left_out <= 0 else [*lines[:_MOST_LINES], f"… and {left_out} more lines"]


def _shown(value: object) -> str:
    """A value in a table, in brief, as markup."""
    text = "absent" if value is None else _text(value).replace("\n", "⏎")
    return escape_markup(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
