"""Arguments and options that several commands about executions share."""

from __future__ import annotations

from typing import Annotated

import typer

from kubernaut.cli import completion

ActionName = Annotated[
    str, typer.Argument(help="The action, as `kubernaut actions` lists it.", autocompletion=completion.actions)
]
ExecutionName = Annotated[str, typer.Argument(help="The execution's name.", autocompletion=completion.executions)]
ExecutionNames = Annotated[
    list[str], typer.Argument(help="The executions' names.", autocompletion=completion.executions)
]
AllNamespaces = Annotated[bool, typer.Option("-A", "--all-namespaces", help="Every namespace.")]
