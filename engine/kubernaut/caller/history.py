"""The audit records of a namespace, or of all."""

from __future__ import annotations

from datetime import datetime

from kubernaut.api.timestamps import parse_time
from kubernaut.api.view import ExecutionView
from kubernaut.kube.client import Cluster
from kubernaut.kube.follow import list_by_key
from kubernaut.kube.objects import EXECUTIONS
from kubernaut.telemetry.audit import AuditRecord, audit_record


async def read_records(cluster: Cluster, scope: str | None, earliest: datetime | None = None) -> list[AuditRecord]:
    """Return the records of a namespace (None: of all) that were created at this time or later, oldest first."""
    found, _ = await list_by_key(cluster, EXECUTIONS, scope)
    records = [audit_record(ExecutionView(obj)) for obj in found.values()]
    recent = [record for record in records if _is_since(record, earliest)]
    return sorted(recent, key=lambda record: (record.created or "", record.execution))


def _is_since(record: AuditRecord, earliest: datetime | None) -> bool:
    created = parse_time(record.created)
    return earliest is None or (created is not None and created >= earliest)
