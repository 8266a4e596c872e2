"""`kubernaut history`: one audit record for each execution that the cluster still holds."""

from __future__ import annotations

import asyncio
import csv
import json
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer
from rich.table import Table

from kubernaut.api.timestamps import parse_time
from kubernaut.api.view import ExecutionView
from kubernaut.cli.console import (
    NO_WRAP_WIDTH,
    STYLES,
    console,
    error_console,
    escape_markup,
    print_json,
    print_table,
    strip_control,
    table,
)
from kubernaut.cli.durations import format_time, parse_since
from kubernaut.cli.options import AllNamespaces, Kubeconfig, Namespace
from kubernaut.cli.views.diff import brief_lines
from kubernaut.cli.views.rows import execution_duration
from kubernaut.cli.views.summary import styled_standing
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import EXECUTIONS
from kubernaut.kube.watch import list_by_key
from kubernaut.telemetry.audit import COLUMNS, AuditRecord, audit_record

_SHOWN_CHANGES = 3
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection), in full width too."""


class Shape(StrEnum):
    """How records are printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


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
    """List for each execution who asked for what and when, what was decided, and how it ended."""
    earliest = parse_since(since_, datetime.now(UTC)) if since_ else None
    place = None if all_namespaces else namespace
    records = [record for record in asyncio.run(_records(kubeconfig, place)) if _is_since(record, earliest)]
    if output is Shape.JSON:
        print_json([record.to_json() for record in records])
    elif output is Shape.CSV:
        write_csv(records, sys.stdout)
    elif records:
        print_table(console(NO_WRAP_WIDTH), _table(records, namespaced=all_namespaces))
    else:
        error_console().print(
            f"no executions{f' in {place}' if place else ''}{f' since {since_}' if since_ else ''}", markup=False
        )


async def _records(kubeconfig: Path | None, namespace: str | None) -> list[AuditRecord]:
    async with await Cluster.connect(kubeconfig) as cluster:
        found, _ = await list_by_key(cluster, EXECUTIONS, namespace)
    records = (audit_record(ExecutionView(obj)) for obj in found.values())
    return sorted(records, key=lambda record: (record.created or "", record.execution))


def _is_since(record: AuditRecord, earliest: datetime | None) -> bool:
    created = parse_time(record.created)
    return earliest is None or (created is not None and created >= earliest)


def write_csv(records: Iterable[AuditRecord], out: TextIO) -> None:
    """One row each, lists and mappings as JSON; no cell is a formula to a spreadsheet."""
    writer = csv.DictWriter(out, fieldnames=COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: _cell(value) for key, value in record.to_json().items()} for record in records)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict | list):
        return strip_control(json.dumps(value, ensure_ascii=False)) if value else ""
    text = strip_control(str(value).lower() if isinstance(value, bool) else str(value))
    return f"'{text}" if text.startswith(_FORMULA) else text


def _table(records: Iterable[AuditRecord], *, namespaced: bool) -> Table:
    now = datetime.now(UTC)
    where = ["NAMESPACE"] if namespaced else []
    listing = table("CREATED (UTC)", *where, "EXECUTION", "BY", "ACTION", "TARGET", "OUTCOME", "TOOK", "CHANGES")
    for record in records:
        action = f"{record.action} (dry run)" if record.dry_run else str(record.action)
        names = [*([str(record.namespace)] if namespaced else []), record.execution, record.requested_by or "", action]
        cells = [format_time(record.created), *names, record.target or ""]
        duration = execution_duration(record, now)
        listing.add_row(*map(escape_markup, cells), _outcome(record), duration, "; ".join(_changes(record)))
    return listing


def _outcome(record: AuditRecord) -> str:
    """Return the phase of an admitted execution; of another, what was decided."""
    if record.decision in {"refused", "cancelled"}:
        return f"[{STYLES[record.phase]}]{record.decision}[/]: {escape_markup(record.reason or '')}"
    return styled_standing({"phase": record.phase, "reason": record.reason})


def _changes(record: AuditRecord) -> list[str]:
    undoes = [f"undoing {escape_markup(record.rollback_of)}"] if record.rollback_of else []
    changes = [] if record.dry_run else record.changes
    left_out = [f"and {len(changes) - _SHOWN_CHANGES} more"] if len(changes) > _SHOWN_CHANGES else []
    return [*undoes, *brief_lines(changes[:_SHOWN_CHANGES]), *left_out]
