"""Executions as rows of a table."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from rich.table import Table

from kubernaut.api.execution import Phase
from kubernaut.api.view import ExecutionView
from kubernaut.caller.durations import age
from kubernaut.caller.summaries import action_cell, execution_duration
from kubernaut.cli.console import escape_markup, styled_phase, table
from kubernaut.telemetry.audit import audit_record

_COLUMNS = ("NAME", "ACTION", "TARGET", "PHASE", "REASON", "BY", "AGE", "TOOK")
_WIDE_COLUMNS = ("ATTEMPTS", "JOB", "MESSAGE")


def executions_table(
    executions: Iterable[ExecutionView], now: datetime, *, namespaced: bool = False, wide: bool = False
) -> Table:
    """Return a table with a row for each, the phases in their colours."""
    listing = table(*(["NAMESPACE"] if namespaced else []), *_COLUMNS, *(_WIDE_COLUMNS if wide else []))
    for column in listing.columns:
        column.no_wrap, column.overflow = True, "ellipsis"
    for execution in executions:
        cells = _cells(execution, now, namespaced=namespaced, wide=wide)
        listing.add_row(*(styled_phase(cell) if cell in set(Phase) else escape_markup(cell) for cell in cells))
    return listing


def execution_line(execution: ExecutionView, now: datetime, *, namespaced: bool = False, wide: bool = False) -> str:
    """Return the same row as one line of text, for a stream of changes."""
    return "  ".join(cell or "-" for cell in _cells(execution, now, namespaced=namespaced, wide=wide))


def _cells(execution: ExecutionView, now: datetime, *, namespaced: bool, wide: bool) -> list[str]:
    record = audit_record(execution)
    cells = [
        *([str(record.namespace)] if namespaced else []),
        record.execution,
        action_cell(record),
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
    return cells
