"""`kubernaut new-action`: a plugin to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kubernaut.cli.console import console, escape_markup
from kubernaut.scaffold import Kind, scaffold


def new_action(
    name: Annotated[str, typer.Argument(help="The action's name, such as note-deployment.")],
    kind: Annotated[
        Kind,
        typer.Option(help="What it does: change fields, change a workload and wait, check only, or run a command."),
    ] = Kind.PATCH,
    folder: Annotated[Path, typer.Option("--in", help="Where to put the new folder.")] = Path(),
) -> None:
    """Write a complete plugin: it installs, passes its own tests and runs in the sandbox as it is."""
    out = console()
    for file in scaffold(name, folder, kind):
        out.print(escape_markup(str(file)))
    out.print(f"\nnext: pip install -e 'kubernaut-{name}[test]' && pytest kubernaut-{name}", markup=False)
