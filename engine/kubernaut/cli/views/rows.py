"""Executions as rows of a table. Pure: the present time is a parameter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from rich.table import Table

from kubernaut.api.execution import Phase
from kubernaut.api.timestamps import parse_time
from kubernaut.api.view import ExecutionView
from kubernaut.cli.console import escape_markup, styled, table
from kubernaut.cli.durations import age, format_age, format_duration
from kubernaut.telemetry.audit import AuditRecord, audit_record

_COLUMNS = ("NAME", "ACTION", "TARGET", "PHASE", "REASON", "BY", "AGE", "TOOK")
_WIDE = ("ATTEMPTS", "JOB", "MESSAGE")


def executions_table(
    executions: Iterable[Mapping[str, Any]], now: datetime, *, namespaced: bool = False, wide: bool = False
) -> Table:
    """A row for each, phases in their colours."""
    listing = table(*(["NAMESPACE"] if namespaced else []), *_COLUMNS, *(_WIDE if wide else []))
    for column in listing.columns:
        column.no_wrap, column.overflow = True, "ellipsis"
    for obj in executions:
        cells = _cells(obj, now, namespaced=namespaced, wide=wide)
        listing.add_row(*(styled(cell) if cell in set(Phase) else escape_markup(cell) for cell in cells))
    return listing


def line_of(obj: Mapping[str, Any], now: datetime, *, namespaced: bool = False, wide: bool = False) -> str:
    """The same as one line, for a stream of changes."""
    return "  ".join(cell or "-" for cell in _cells(obj, now, namespaced=namespaced, wide=wide))


def _cells(obj: Mapping[str, Any], now: datetime, *, namespaced: bool, wide: bool) -> list[str]:
    record = audit_record(ExecutionView(obj))
    action = f"{record.action} (dry run)" if record.dry_run else str(record.action)
    cells = [
        *([str(record.namespace)] if namespaced else []),
        record.execution,
        action,
        record.target or "",
        record.phase,
        record.reason or "",
        record.requested_by or "",
        age(record.created, now),
        execution_duration(record, now),
    ]
    if wide:
        attempts = "" if record.attempts is None else str(record.attempts)
        cells += [attempts, record.job or "", record.message or ""]
    return [str(cell) for cell in cells]


def execution_duration(record: AuditRecord, now: datetime) -> str:
    """Return the time from start to end, or to now for a running one; "" for one that has not started."""
    if record.seconds is not None:
        return format_duration(record.seconds) if record.seconds else ""
    started = parse_time(record.started)
    return format_age((now - started).total_seconds()) if started and record.phase == Phase.RUNNING else ""
