"""`kubernaut history`: one audit record for each execution that the cluster still holds."""

from __future__ import annotations

import asyncio
import csv
import json
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer
from rich.table import Table

from kubernaut.api.timestamps import parse_time
from kubernaut.cli.console import ONE_LINE, STYLES, clean, console, errors, plain, print_json, show, table
from kubernaut.cli.durations import moment, since
from kubernaut.cli.options import AllNamespaces, Kubeconfig, Namespace
from kubernaut.cli.views.diff import brief_lines
from kubernaut.cli.views.rows import took
from kubernaut.cli.views.summary import styled_standing
from kubernaut.kube.client import Cluster
from kubernaut.kube.resources import EXECUTIONS
from kubernaut.kube.watch import listed
from kubernaut.telemetry.audit import CANCELLED, REFUSED, record

_SHOWN_CHANGES = 3
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection), in full width too."""


class Shape(StrEnum):
    """How records are printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(history)


def history(
    namespace: Namespace = "default",
    all_namespaces: AllNamespaces = False,
    since_: Annotated[
        str, typer.Option("--since", help="Created since then: 24h, 7d, or a time such as 2026-11-01T09:00 (UTC).")
    ] = "",
    kubeconfig: Kubeconfig = None,
    output: Annotated[
        Shape, typer.Option("-o", "--output", help="table for people, json and csv for machines.")
    ] = Shape.TABLE,
) -> None:
    """Tell of each execution who asked for what and when, what was decided, and what came of it."""
    earliest = since(since_, datetime.now(UTC)) if since_ else None
    place = None if all_namespaces else namespace
    records = [told for told in asyncio.run(_records(kubeconfig, place)) if _is_since(told, earliest)]
    if output is Shape.JSON:
        print_json(records)
    elif output is Shape.CSV:
        write_csv(records, sys.stdout)
    elif records:
        show(console(ONE_LINE), _table(records, namespaced=all_namespaces))
    else:
        errors().print(
            f"no executions{f' in {place}' if place else ''}{f' since {since_}' if since_ else ''}", markup=False
        )


async def _records(kubeconfig: Path | None, namespace: str | None) -> list[dict[str, Any]]:
    async with await Cluster.connect(kubeconfig) as cluster:
        found, _ = await listed(cluster, EXECUTIONS, namespace)
    return sorted((record(obj) for obj in found.values()), key=lambda told: (told["created"], told["execution"]))


def _is_since(told: Mapping[str, Any], earliest: datetime | None) -> bool:
    created = parse_time(told["created"])
    return earliest is None or (created is not None and created >= earliest)


def write_csv(records: Iterable[Mapping[str, Any]], out: TextIO) -> None:
    """One row each, lists and mappings as JSON; no cell is a formula to a spreadsheet."""
    rows = list(records)
    writer = csv.DictWriter(out, fieldnames=list(record({"metadata": {"name": ""}})), lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: _cell(value) for key, value in row.items()} for row in rows)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict | list):
        return clean(json.dumps(value, ensure_ascii=False)) if value else ""
    text = clean(str(value).lower() if isinstance(value, bool) else str(value))
    return f"'{text}" if text.startswith(_FORMULA) else text


def _table(records: Iterable[Mapping[str, Any]], *, namespaced: bool) -> Table:
    now = datetime.now(UTC)
    where = ["NAMESPACE"] if namespaced else []
    listing = table("CREATED (UTC)", *where, "EXECUTION", "BY", "ACTION", "TARGET", "OUTCOME", "TOOK", "CHANGES")
    for told in records:
        action = f"{told['action']} (dry run)" if told["dryRun"] else str(told["action"])
        names = [*([told["namespace"]] if namespaced else []), told["execution"], told["requestedBy"] or "", action]
        cells = [moment(told["created"]), *names, told["target"] or ""]
        listing.add_row(*map(plain, cells), _outcome(told), took(told, now), "; ".join(_changes(told)))
    return listing


def _outcome(told: Mapping[str, Any]) -> str:
    """What was decided, unless it was let through: then what came of it."""
    if told["decision"] in {REFUSED, CANCELLED}:
        return f"[{STYLES[told['phase']]}]{told['decision']}[/]: {plain(told['reason'] or '')}"
    return styled_standing(told)


def _changes(told: Mapping[str, Any]) -> list[str]:
    undoes = [f"undoing {plain(told['rollbackOf'])}"] if told["rollbackOf"] else []
    changes = [] if told["dryRun"] else told["changes"]
    left_out = [f"and {len(changes) - _SHOWN_CHANGES} more"] if len(changes) > _SHOWN_CHANGES else []
    return [*undoes, *brief_lines(changes[:_SHOWN_CHANGES]), *left_out]
