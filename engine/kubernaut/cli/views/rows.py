"""Executions as rows of a table. Pure: the present time is a parameter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from rich.table import Table

from kubernaut.api.execution import Phase
from kubernaut.api.timestamps import parse_time
from kubernaut.cli.console import plain, styled, table
from kubernaut.cli.durations import age, span, spoken
from kubernaut.telemetry.audit import record

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
        listing.add_row(*(styled(cell) if cell in set(Phase) else plain(cell) for cell in cells))
    return listing


def line_of(obj: Mapping[str, Any], now: datetime, *, namespaced: bool = False, wide: bool = False) -> str:
    """The same as one line, for a stream of changes."""
    return "  ".join(cell or "-" for cell in _cells(obj, now, namespaced=namespaced, wide=wide))


def _cells(obj: Mapping[str, Any], now: datetime, *, namespaced: bool, wide: bool) -> list[str]:
    told = record(obj)
    action = f"{told['action']} (dry run)" if told["dryRun"] else str(told["action"])
    cells = [
        *([str(told["namespace"])] if namespaced else []),
        told["execution"],
        action,
        told["target"] or "",
        told["phase"],
        told["reason"] or "",
        told["requestedBy"] or "",
        age(told["created"], now),
        took(told, now),
    ]
    if wide:
        attempts = "" if told["attempts"] is None else str(told["attempts"])
        cells += [attempts, told["job"] or "", told["message"] or ""]
    return [str(cell) for cell in cells]


def took(told: Mapping[str, Any], now: datetime) -> str:
    """From start to end, or to now for one that runs; "" for one that has not started."""
    if told["seconds"] is not None:
        return spoken(told["seconds"]) if told["seconds"] else ""
    began = parse_time(told["started"])
    return span((now - began).total_seconds()) if began and told["phase"] == Phase.RUNNING else ""
