"""Changes as people read them: before in red, after in green; a value of several lines as a diff."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable

from kubernaut.api.plugin import Change
from kubernaut.cli.console import escape_markup

_MAX_VALUE_LENGTH, _MAX_DIFF_LINES = 60, 40
_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def change_lines(changes: Iterable[Change], suffix: str = "") -> list[str]:
    """Return markup, one line or more for each change; `suffix` follows each change that is shown in one line."""
    return [line for change in changes for line in _change_lines(change, suffix)]


def _change_lines(change: Change, suffix: str) -> list[str]:
    if any(isinstance(value, str) and "\n" in value.strip() for value in (change.before, change.after)):
        return [f"{_field(change)}:", *(f"  {line}" for line in colour_diff(_diff(change.before, change.after)))]
    return [f"{brief_line(change)}{suffix}"]


def brief_line(change: Change) -> str:
    """Return the change in one line of markup, with long values cut."""
    return f"{_field(change)}: [red]{_brief_value(change.before)}[/] → [green]{_brief_value(change.after)}[/]"


def _field(change: Change) -> str:
    return escape_markup(f"{change.kind}/{change.name} {change.field}")


def colour_diff(lines: Iterable[str]) -> list[str]:
    """Return the lines of a diff in its colours, as markup."""
    return [
        f"[{_COLOURS[line[0]]}]{escape_markup(line)}[/]" if line[:1] in _COLOURS else escape_markup(line)
        for line in lines
    ]


def _diff(before: object, after: object) -> list[str]:
    """Return the lines that differ, with two lines around them; of many, the first ones and how many more there are."""
    old, new = (_text(value).splitlines() if value is not None else [] for value in (before, after))
    lines = list(difflib.unified_diff(old, new, n=2, lineterm=""))[2:]
    omitted = len(lines) - _MAX_DIFF_LINES
    return lines if omitted <= 0 else [*lines[:_MAX_DIFF_LINES], f"… and {omitted} more lines"]


def _brief_value(value: object) -> str:
    text = "absent" if value is None else _text(value).replace("\n", "⏎")
    return escape_markup(text if len(text) <= _MAX_VALUE_LENGTH else f"{text[:_MAX_VALUE_LENGTH]}…")


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
