"""`kubernaut check-runbook`: what is wrong with runbooks, without any cluster."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from kubernaut.cli.console import Format, Output, console, escape_markup, print_json
from kubernaut.cli.exit_codes import ExitCode
from kubernaut.documents import DocumentError, load_all_yaml, read_document, read_standard_input
from kubernaut.errors import InputError
from kubernaut.plugins.registry import Registry
from kubernaut.runbooks.check import Finding, Severity, check_runbook
from kubernaut.runbooks.manifest import read_runbook

_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow"}


@dataclass(frozen=True, slots=True)
class Checked:
    """One document of a file, and what was found in it."""

    file: str
    runbook: str
    findings: list[Finding]


def check_runbook_command(
    files: Annotated[list[Path], typer.Argument(help="YAML or JSON files; - for standard input.", metavar="FILE...")],
    output: Output = Format.TABLE,
) -> None:
    """Find what is wrong with runbooks without a cluster: actions, parameters, references, cycles, steps that can never run."""
    registry = Registry.discover()
    checked = [one for file in files for one in _check_file(file, registry)]
    if output is Format.JSON:
        print_json([asdict(one) for one in checked])
    else:
        for one in checked:
            _print(one)
    has_error = any(finding.severity is Severity.ERROR for one in checked for finding in one.findings)
    raise typer.Exit(ExitCode.FAILED if has_error else ExitCode.DONE)


def load_documents(file: Path) -> list[Any]:
    """Return the documents of a file, without empty ones. Raises InputError for a file that cannot be read, or has none."""
    try:
        found = load_all_yaml(read_standard_input() if str(file) == "-" else read_document(file))
    except DocumentError as error:
        raise InputError(f"{file}: cannot be read as YAML or JSON: {error}") from error
    documents = [document for document in found if document is not None]
    if not documents:
        raise InputError(f"{file}: it has no document; write a Runbook")
    return documents


def _check_file(file: Path, registry: Registry) -> Iterator[Checked]:
    documents = load_documents(file)
    for number, document in enumerate(documents, 1):
        where = f"{file}" if len(documents) == 1 else f"{file} ({number})"
        try:
            name, spec = read_runbook(document)
        except InputError as error:
            yield Checked(where, "", [Finding(Severity.ERROR, "", str(error))])
        else:
            yield Checked(where, name, check_runbook(name, spec, registry))


def _print(checked: Checked) -> None:
    out = console()
    for finding in checked.findings:
        colour, field = _COLOURS[finding.severity], f"{finding.field}: " if finding.field else ""
        text = escape_markup(f"{checked.file}: ") + f"[{colour}]{finding.severity}[/]: "
        out.print(f"{text}{escape_markup(f'{field}{finding.message}')}", soft_wrap=True)
    if not any(finding.severity is Severity.ERROR for finding in checked.findings):
        out.print(escape_markup(f"{checked.file}: runbook {checked.runbook} can be run"), soft_wrap=True)
