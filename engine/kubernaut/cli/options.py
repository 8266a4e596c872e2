"""Arguments and options that several commands share, and the values that they name."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kubernaut.cli import completion
from kubernaut.errors import InputError
from kubernaut.settings import Settings

ActionName = Annotated[
    str, typer.Argument(help="The action, as `kubernaut actions` lists it.", autocompletion=completion.actions)
]
ExecutionName = Annotated[str, typer.Argument(help="The execution's name.", autocompletion=completion.executions)]
ExecutionNames = Annotated[
    list[str], typer.Argument(help="The executions' names.", autocompletion=completion.executions)
]
OneExecution = Annotated[
    str,
    typer.Argument(
        help="The execution's name.", autocompletion=completion.executions, metavar="[NAME]", show_default=False
    ),
]
RunName = Annotated[str, typer.Option("--run", help="All executions of this run of a runbook.", show_default=False)]
AllNamespaces = Annotated[bool, typer.Option("-A", "--all-namespaces", help="Every namespace.")]
Parameter = Annotated[
    list[str], typer.Option("-p", "--parameter", metavar="KEY=VALUE", help="A parameter; KEY.SUB=VALUE for a mapping.")
]
ParameterFile = Annotated[
    Path | None, typer.Option("-f", "--file", help="Parameters as a YAML or JSON mapping; - for standard input.")
]
Namespace = Annotated[
    str,
    typer.Option("-n", "--namespace", help="The execution's namespace; the context's by default.", show_default=False),
]
ManifestFormat = Annotated[str, typer.Option("-o", "--output", help="yaml or json.")]
Configuration = Annotated[
    Path | None, typer.Option("--config", envvar="KUBERNAUT_CONFIG", help="The engine's configuration, a YAML file.")
]
Image = Annotated[
    str | None, typer.Option(envvar="KUBERNAUT_IMAGE", help="The image of action pods; overrides the configuration's.")
]
Kubeconfig = Annotated[
    Path | None,
    typer.Option("--kubeconfig", help="A kubeconfig; $KUBECONFIG, ~/.kube/config or the pod's own by default."),
]
Context = Annotated[
    str, typer.Option("--context", help="A context of the kubeconfig; its current one by default.", show_default=False)
]


def read_settings(file: Path | None, image: str | None) -> Settings:
    """Return the configuration. Raises InputError naming file, field and value."""
    settings = Settings.load(file) if file else Settings()
    return settings.model_copy(update={"image": image}) if image else settings


def require_one(name: str, run: str) -> None:
    """Raise InputError unless either an execution or a run is named."""
    if bool(name) == bool(run):
        raise InputError("name one execution, or one run with --run RUN, and not both")
