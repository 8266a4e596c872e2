"""An execution's audit record in a few words."""

from __future__ import annotations

from datetime import datetime

from kubernaut.api.execution import Phase
from kubernaut.api.timestamps import parse_time
from kubernaut.caller.durations import format_age, format_duration
from kubernaut.telemetry.audit import AuditRecord


def action_cell(record: AuditRecord) -> str:
    """Return the action's name, marked if only its dry run is wanted."""
    return f"{record.action} (dry run)" if record.dry_run else str(record.action)


def execution_duration(record: AuditRecord, now: datetime) -> str:
    """Return the time from start to end, or to now for a running one; "" for one that has not started."""
    if record.seconds is not None:
        return format_duration(record.seconds) if record.seconds else ""
    started = parse_time(record.started)
    return format_age((now - started).total_seconds()) if started and record.phase == Phase.RUNNING else ""
