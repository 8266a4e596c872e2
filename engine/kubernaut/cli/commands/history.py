"""`kubernaut history`: one audit record for each execution that the cluster still has."""

from __future__ import annotations

import asyncio
import csv
import json
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, TextIO

import typer
from rich.table import Table

from kubernaut.api.plugin import Change
from kubernaut.caller.durations import format_duration, format_time, parse_since
from kubernaut.caller.history import read_records
from kubernaut.caller.summaries import action_cell, execution_duration
from kubernaut.cli.console import (
    NO_WRAP_WIDTH,
    PHASE_STYLES,
    console,
    error_console,
    escape_markup,
    print_json,
    print_trimmed,
    strip_control,
    table,
)
from kubernaut.cli.options import AllNamespaces, Context, Kubeconfig, Namespace
from kubernaut.cli.place import Place
from kubernaut.cli.views.diff import brief_line
from kubernaut.cli.views.summary import styled_state
from kubernaut.telemetry.audit import COLUMNS, AuditRecord, seconds_between

_MAX_SHOWN_CHANGES = 3
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet reads as the beginning of a formula (OWASP, CSV injection), in full width too."""


class HistoryFormat(StrEnum):
    """How records are printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def history(
    namespace: Namespace = "",
    all_namespaces: AllNamespaces = False,
    since: Annotated[
        str, typer.Option(help="Created since then: 24h, 7d, or a time such as 2026-11-01T09:00 (UTC).")
    ] = "",
    kubeconfig: Kubeconfig = None,
    context: Context = "",
    output: Annotated[
        HistoryFormat, typer.Option("-o", "--output", help="table for people, json and csv for machines.")
    ] = HistoryFormat.TABLE,
) -> None:
    """List for each execution who requested what and when, what was decided, and how it ended."""
    earliest = parse_since(since, datetime.now(UTC)) if since else None
    scope, records = asyncio.run(_read(Place(kubeconfig, context, namespace, all_namespaces), earliest))
    if output is HistoryFormat.JSON:
        print_json([record.to_json() for record in records])
    elif output is HistoryFormat.CSV:
        write_csv(records, sys.stdout)
    elif records:
        print_trimmed(console(NO_WRAP_WIDTH), history_table(records, datetime.now(UTC), namespaced=all_namespaces))
    else:
        where, when = f" in {scope}" if scope else "", f" since {since}" if since else ""
        error_console().print(f"no executions{where}{when}", markup=False)


async def _read(place: Place, earliest: datetime | None) -> tuple[str | None, list[AuditRecord]]:
    """Return the namespace (None: all) and its records."""
    async with await place.connect() as cluster:
        scope = place.scope_on(cluster)
        return scope, await read_records(cluster, scope, earliest)


def write_csv(records: Iterable[AuditRecord], out: TextIO) -> None:
    """Write one row per record, lists and mappings as JSON; text that a spreadsheet would read as a formula gets an apostrophe."""
    writer = csv.DictWriter(out, fieldnames=COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: _cell(value) for key, value in record.to_json().items()} for record in records)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict | list):
        return strip_control(json.dumps(value, ensure_ascii=False)) if value else ""
    text = strip_control(str(value).lower() if isinstance(value, bool) else str(value))
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def history_table(records: Iterable[AuditRecord], now: datetime, *, namespaced: bool) -> Table:
    """Return a row per record."""
    where = ["NAMESPACE"] if namespaced else []
    listing = table("CREATED (UTC)", *where, "EXECUTION", "BY", "ACTION", "TARGET", "OUTCOME", "TOOK", "CHANGES")
    for record in records:
        names = [*([str(record.namespace)] if namespaced else []), record.execution, _requester(record)]
        cells = [format_time(record.created), *names, action_cell(record), record.target or ""]
        duration = execution_duration(record, now)
        listing.add_row(*map(escape_markup, cells), _outcome(record), duration, "; ".join(_changes(record)))
    return listing


def _requester(record: AuditRecord) -> str:
    """Return the user, and the program that asked with the user's credentials."""
    return f"{record.requested_by or ''} ({record.agent})" if record.agent else record.requested_by or ""


def _outcome(record: AuditRecord) -> str:
    """Return the phase of an admitted execution, and the decision on any other."""
    if record.decision in {"refused", "skipped", "cancelled"}:
        return f"[{PHASE_STYLES[record.phase]}]{record.decision}[/]: {escape_markup(record.reason or '')}"
    return styled_state(record.phase, record.reason)


def _changes(record: AuditRecord) -> list[str]:
    undoes = [f"undoing {escape_markup(record.rollback_of)}"] if record.rollback_of else []
    undoes += _approval(record)
    changes = [] if record.dry_run else [Change.model_validate(change) for change in record.changes]
    omitted = len(changes) - _MAX_SHOWN_CHANGES
    more = [f"and {omitted} more"] if omitted > 0 else []
    return [*undoes, *map(brief_line, changes[:_MAX_SHOWN_CHANGES]), *more]


def _approval(record: AuditRecord) -> list[str]:
    """Return who proposed what this carries out, or what was decided on this proposal."""
    if record.plan:
        return [escape_markup(f"as {record.plan} planned, proposed by {record.proposed_by or 'somebody unknown'}")]
    if record.rejected:
        return ["rejected"]
    if not record.approved_as:
        return []
    seconds = seconds_between(record.ended, record.approved)
    later = f" after {format_duration(seconds)}" if seconds is not None else ""
    return [escape_markup(f"approved by {record.approved_by or 'somebody unknown'}{later}, as {record.approved_as}")]
