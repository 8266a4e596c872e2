"""Changes as people read them: before in red, after in green; a value of several lines as a diff."""

from __future__ import annotations

from collections.abc import Iterable

from kubernaut.api.plugin import Change
from kubernaut.caller.changes import diff_lines, has_several_lines, value_text
from kubernaut.cli.console import escape_markup

_MAX_VALUE_LENGTH, _MAX_DIFF_LINES = 60, 40
_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def change_lines(changes: Iterable[Change], suffix: str = "", *, whole: bool = False) -> list[str]:
    """Return markup, one line or more for each change; `suffix` follows each change that is shown in one line.

    Long values and diffs are cut, unless `whole`: who approves a change must see all of it.
    """
    return [line for change in changes for line in _change_lines(change, suffix, whole)]


def _change_lines(change: Change, suffix: str, whole: bool) -> list[str]:
    if has_several_lines(change):
        lines = diff_lines(change, None if whole else _MAX_DIFF_LINES)
        return [f"{_field(change)}:", *(f"  {line}" for line in colour_diff(lines))]
    return [f"{brief_line(change, None if whole else _MAX_VALUE_LENGTH)}{suffix}"]


def brief_line(change: Change, limit: int | None = _MAX_VALUE_LENGTH) -> str:
    """Return the change in one line of markup, with values of more than `limit` characters cut."""
    before, after = (escape_markup(value_text(value, limit)) for value in (change.before, change.after))
    return f"{_field(change)}: [red]{before}[/] → [green]{after}[/]"


def _field(change: Change) -> str:
    return escape_markup(f"{change.kind}/{change.name} {change.field}")


def colour_diff(lines: Iterable[str]) -> list[str]:
    """Return the lines of a diff in its colours, as markup."""
    return [
        f"[{_COLOURS[line[0]]}]{escape_markup(line)}[/]" if line[:1] in _COLOURS else escape_markup(line)
        for line in lines
    ]
