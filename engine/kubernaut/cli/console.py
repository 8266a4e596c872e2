"""Output: tables and colours for people, JSON and YAML for machines, and one line for an error."""

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

from kubernaut.printable import escape_harmful, replace_harmful

_PADDING = re.compile(r"\s+((?:\x1b\[0m)?)$")
NO_WRAP_WIDTH = 1000
"""A width at which no row of a table is wrapped: for listings that people search line by line."""
PHASE_STYLES = {
    "Succeeded": "green",
    "Failed": "red",
    "Cancelled": "yellow",
    "Skipped": "yellow",
    "Running": "cyan",
    "Pending": "blue",
}


class Format(StrEnum):
    """How a listing is printed."""

    TABLE = "table"
    JSON = "json"


Output = Annotated[Format, typer.Option("-o", "--output", help="table for people, json for machines.")]


def console(width: int | None = None) -> Console:
    """Return standard output, without colour if it is not a terminal or NO_COLOR is set.

    Tables are as wide as the terminal, or `width` columns.
    """
    return Console(highlight=False, soft_wrap=not sys.stdout.isatty(), width=width, force_terminal=_force_terminal())


def listing_console() -> Console:
    """Return standard output for a table: as wide as the terminal, or with unwrapped rows if it is not a terminal."""
    return console(None if sys.stdout.isatty() else NO_WRAP_WIDTH)


def error_console() -> Console:
    """Return standard error, for what is not part of a command's result."""
    return Console(stderr=True, highlight=False, soft_wrap=True, force_terminal=_force_terminal())


def supports_live(out: Console) -> bool:
    """Whether output can be redrawn in place: on a terminal that can, and never under NO_COLOR or in a pipe."""
    return out.is_terminal and not out.is_dumb_terminal and sys.stdout.isatty()


def _force_terminal() -> bool | None:
    """Return False under NO_COLOR, so that no escape code at all is written: rich itself would still write bold and dim."""
    return False if os.environ.get("NO_COLOR") else None


def print_trimmed(out: Console, renderable: RenderableType) -> None:
    """Print it without the blanks that pad a table's last column: they would wrap where the terminal is narrower."""
    with out.capture() as captured:
        out.print(renderable)
    for line in captured.get().splitlines():
        out.file.write(_PADDING.sub(r"\1", line) + "\n")


def print_error(message: str) -> None:
    """Print an error message to standard error."""
    error_console().print(f"[red]error:[/] {escape_markup(message)}")


def print_json(content: Any, indent: int | None = 2) -> None:
    """Print one JSON document to standard output; control characters are escaped as JSON escapes them."""
    text = json.dumps(content, indent=indent, ensure_ascii=False, default=str)
    print(escape_harmful(text), flush=True)  # noqa: T201 - rich would wrap it


def print_manifests(manifests: Sequence[Mapping[str, Any]], output: str) -> None:
    """Print manifests as kubectl accepts them: YAML documents, or one JSON document (a List if there are several)."""
    if output == "json":
        print_json(
            manifests[0] if len(manifests) == 1 else {"apiVersion": "v1", "kind": "List", "items": list(manifests)}
        )
    else:
        text = yaml.dump_all(manifests, Dumper=_ManifestDumper, sort_keys=False, width=140, allow_unicode=True)
        print(text, end="")  # noqa: T201 - a document, which rich would wrap


class _ManifestDumper(yaml.SafeDumper):
    """Writes texts of several lines, such as CEL, line by line."""

    def represent_text(self, text: str) -> yaml.ScalarNode:
        """Return the node of a text."""
        return self.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)

    def ignore_aliases(self, data: Any) -> bool:
        """Return True: a manifest is easier to read without aliases."""
        return True


_ManifestDumper.add_representer(str, _ManifestDumper.represent_text)


def table(*columns: str) -> Table:
    """Return an empty table without lines, like kubectl's."""
    listing = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        listing.add_column(column, overflow="fold")
    return listing


def styled_phase(phase: str) -> str:
    """Return a phase in its colour, as markup."""
    return f"[{PHASE_STYLES.get(phase, 'white')}]{escape_markup(phase)}[/]"


def strip_control(text: str) -> str:
    """Return foreign text with every harmful character replaced, for output without markup."""
    return replace_harmful(text)


def escape_markup(text: str) -> str:
    """Return foreign text as markup that shows it literally, with every control character replaced.

    Backslashes at its end are doubled, and followed by a tag of no effect: before any tag, rich takes two for one, and one for an escape.
    """
    shown = strip_control(text)
    body = shown.rstrip("\\")
    slashes = shown[len(body) :]
    return escape(body) + (slashes * 2 + "[none][/none]" if slashes else "")
