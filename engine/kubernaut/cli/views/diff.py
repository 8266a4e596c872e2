"""Changes as people read them: before in red, after in green; a value of several lines as a diff."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable

from kubernaut.api.plugin import Change
from kubernaut.cli.console import escape_markup

_MAX_VALUE_LENGTH, _MAX_DIFF_LINES = 60, 40
_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def change_lines(changes: Iterable[Change], suffix: str = "", *, whole: bool = False) -> list[str]:
    """Return markup, one line or more for each change; `suffix` follows each change that is shown in one line.

    Long values and diffs are cut, unless `whole`: who approves a change must see all of it.
    """
    return [line for change in changes for line in _change_lines(change, suffix, whole)]


def _change_lines(change: Change, suffix: str, whole: bool) -> list[str]:
    if any(isinstance(value, str) and "\n" in value.strip() for value in (change.before, change.after)):
        lines = _diff(change.before, change.after, None if whole else _MAX_DIFF_LINES)
        return [f"{_field(change)}:", *(f"  {line}" for line in colour_diff(lines))]
    return [f"{brief_line(change, None if whole else _MAX_VALUE_LENGTH)}{suffix}"]


def brief_line(change: Change, limit: int | None = _MAX_VALUE_LENGTH) -> str:
    """Return the change in one line of markup, with values of more than `limit` characters cut."""
    before, after = _brief_value(change.before, limit), _brief_value(change.after, limit)
    return f"{_field(change)}: [red]{before}[/] → [green]{after}[/]"


def _field(change: Change) -> str:
    return escape_markup(f"{change.kind}/{change.name} {change.field}")


def colour_diff(lines: Iterable[str]) -> list[str]:
    """Return the lines of a diff in its colours, as markup."""
    return [
        f"[{_COLOURS[line[0]]}]{escape_markup(line)}[/]" if line[:1] in _COLOURS else escape_markup(line)
        for line in lines
    ]


def _diff(before: object, after: object, limit: int | None) -> list[str]:
    """Return the lines that differ, with two lines around them; of many, the first ones and how many more there are."""
    old, new = (_text(value).splitlines() if value is not None else [] for value in (before, after))
    lines = list(difflib.unified_diff(old, new, n=2, lineterm=""))[2:]
    if limit is None or len(lines) <= limit:
        return lines
    return [*lines[:limit], f"… and {len(lines) - limit} more lines"]


def _brief_value(value: object, limit: int | None) -> str:
    text = "absent" if value is None else _text(value).replace("\n", "⏎")
    return escape_markup(text if limit is None or len(text) <= limit else f"{text[:limit]}…")


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
