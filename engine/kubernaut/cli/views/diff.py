"""Changes as people read them: before in red, after in green; a value of several lines as a diff."""

from __future__ import annotations

from collections.abc import Iterable

from kubernaut.api.plugin import Change
from kubernaut.caller.changes import absence, diff_lines, exact_text, has_several_lines, value_text
from kubernaut.cli.console import escape_markup
from kubernaut.printable import replace_unseen

_MAX_VALUE_LENGTH, _MAX_DIFF_LINES = 60, 40
_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def change_lines(changes: Iterable[Change], suffix: str = "", *, whole: bool = False) -> list[str]:
    """Return markup, one line or more for each change; `suffix` follows each change that is shown in one line.

    Long values and diffs are cut, unless `whole`: who approves a change must see all of it. Then no two values look the same either, and
    nothing is invisible.
    """
    return [line for change in changes for line in _change_lines(change, suffix, whole)]


def _change_lines(change: Change, suffix: str, whole: bool) -> list[str]:
    if has_several_lines(change):
        lines = diff_lines(change, None if whole else _MAX_DIFF_LINES)
        shown = colour_diff(map(replace_unseen, lines) if whole else lines)
        return [f"{_field(change)}:{absence(change)}", *(f"  {line}" for line in shown)]
    if whole:
        return [f"{_line(change, exact_text(change.before), exact_text(change.after))}{suffix}"]
    return [f"{brief_line(change)}{suffix}"]


def brief_line(change: Change, limit: int = _MAX_VALUE_LENGTH) -> str:
    """Return the change in one line of markup, with values of more than `limit` characters cut."""
    return _line(change, value_text(change.before, limit), value_text(change.after, limit))


def _line(change: Change, before: str, after: str) -> str:
    return f"{_field(change)}: [red]{escape_markup(before)}[/] → [green]{escape_markup(after)}[/]"


def _field(change: Change) -> str:
    return escape_markup(f"{change.kind}/{change.name} {change.field}")


def colour_diff(lines: Iterable[str]) -> list[str]:
    """Return the lines of a diff in its colours, as markup."""
    return [
        f"[{_COLOURS[line[0]]}]{escape_markup(line)}[/]" if line[:1] in _COLOURS else escape_markup(line)
        for line in lines
    ]
