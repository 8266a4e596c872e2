"""How the command line speaks: tables and colours for people, JSON and YAML for machines, and one line for a mistake."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any

import typer
import yaml
from rich.console import Console, RenderableType
from rich.markup import escape
from rich.table import Table

_STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_FILL = re.compile(r"\s+((?:\x1b\[0m)?)$")
NO_WRAP_WIDTH = 1000
"""A width at which no row of a table is broken: for listings that people search line by line."""
STYLES = {"Succeeded": "green", "Failed": "red", "Cancelled": "yellow", "Running": "cyan", "Pending": "blue"}


class Format(StrEnum):
    """How a listing is printed."""

    TABLE = "table"
    JSON = "json"


Output = Annotated[Format, typer.Option("-o", "--output", help="table for people, json for machines.")]


def console(width: int | None = None) -> Console:
    """Standard output; plain where it is no terminal or NO_COLOR is set. Tables are as wide as it is, or `width`."""
    return Console(highlight=False, soft_wrap=not sys.stdout.isatty(), width=width, force_terminal=_forced())


def listing_console() -> Console:
    """Standard output for a table: as wide as the terminal, and with no row broken where it is none."""
    return console(None if sys.stdout.isatty() else NO_WRAP_WIDTH)


def print_table(out: Console, listing: RenderableType) -> None:
    """Print a table without the blanks that fill up its last column: they would wrap where the terminal is narrower."""
    with out.capture() as captured:
        out.print(listing)
    for line in captured.get().splitlines():
        out.file.write(_FILL.sub(r"\1", line) + "\n")


def error_console() -> Console:
    """Standard error, for what is no part of the answer."""
    return Console(stderr=True, highlight=False, soft_wrap=True, force_terminal=_forced())


def supports_live(out: Console) -> bool:
    """May what is shown be drawn anew in place? Only by a terminal that can, and never under NO_COLOR or in a pipe."""
    return out.is_terminal and not out.is_dumb_terminal and sys.stdout.isatty()


def print_error(message: str) -> None:
    """Say what was wrong, on standard error."""
    error_console().print(f"[red]error:[/] {escape_markup(message)}")


def _forced() -> bool | None:
    """Under NO_COLOR no escape code at all is written: rich alone would leave out the colours, not bold or dim."""
    return False if os.environ.get("NO_COLOR") else None


def print_json(content: Any, indent: int | None = 2) -> None:
    """One JSON document on standard output; what would steer a terminal is escaped as JSON escapes it."""
    text = json.dumps(content, indent=indent, ensure_ascii=False, default=str)
    print(_STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text), flush=True)  # noqa: T201 - rich would wrap it


def print_manifests(manifests: Sequence[Mapping[str, Any]], output: str) -> None:
    """Manifests as kubectl takes them: YAML documents, or one JSON List."""
    if output == "json":
        print_json(
            manifests[0] if len(manifests) == 1 else {"apiVersion": "v1", "kind": "List", "items": list(manifests)}
        )
    else:
        print(yaml.safe_dump_all(manifests, sort_keys=False, width=140, allow_unicode=True), end="")  # noqa: T201


def table(*columns: str) -> Table:
    """A table without lines, as kubectl's."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        made.add_column(column, overflow="fold")
    return made


def styled(phase: str) -> str:
    """A phase in its colour."""
    return f"[{STYLES.get(phase, 'white')}]{escape_markup(phase)}[/]"


def strip_control(text: str) -> str:
    """Text from elsewhere without anything that steers a terminal; for what is printed without markup."""
    return _STEERING.sub("\N{REPLACEMENT CHARACTER}", text)


def escape_markup(text: str) -> str:
    """Text from elsewhere: neither markup, nor anything that steers a terminal."""
    return escape(strip_control(text))
