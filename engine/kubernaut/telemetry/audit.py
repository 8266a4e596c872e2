"""The audit record of one execution, from the object alone: who asked for what, when, what was decided, and how it ended.

`kubernaut history` reads it from a cluster and the engine writes the same record to its log, so both can be searched with the same words.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal

from pydantic.alias_generators import to_camel

from kubernaut.api.execution import Phase
from kubernaut.api.labels import ANNOTATION_ALERT_FINGERPRINT, ANNOTATION_ALERT_NAME
from kubernaut.api.timestamps import parse_time
from kubernaut.api.view import ExecutionView

Decision = Literal["admitted", "refused", "skipped", "cancelled", "undecided"]


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One execution. Times are the API server's timestamps; what is not known (yet) is None."""

    execution: str
    namespace: str | None
    uid: str | None
    requested_by: str | None
    agent: str | None
    """The program, such as an AI agent, that asked with that user's credentials, as it called itself."""
    action: str | None
    target: str | None
    parameters: dict[str, Any]
    dry_run: bool
    rollback_of: str | None
    created: str | None
    started: str | None
    ended: str | None
    seconds: float | None
    """From its start to its end."""
    decision: Decision
    phase: str
    reason: str | None
    message: str | None
    attempts: int | None
    job: str | None
    plugin: str | None
    changes: list[dict[str, Any]]
    unconfirmed: list[dict[str, Any]]
    rollback: dict[str, Any] | None
    trace_id: str | None
    plan: str | None
    """The dry run whose approved plan it carries out."""
    proposed_by: str | None
    plan_digest: str | None
    """Of a dry run, the digest of what it planned."""
    rejected: bool
    """Whether nobody can approve it any more, as it was cancelled after its end."""
    approved_as: str | None
    """Of a dry run, the execution that carries out its plan."""
    approved_by: str | None
    approved: str | None
    alert: str | None
    """The name of the alert that began its run, as whoever created it claims."""
    alert_fingerprint: str | None

    def to_json(self) -> dict[str, Any]:
        """Return it with camelCase keys, the same ones for every execution."""
        return {to_camel(field.name): getattr(self, field.name) for field in fields(self)}


COLUMNS = tuple(to_camel(field.name) for field in fields(AuditRecord))
"""The keys of `AuditRecord.to_json`, in their order."""


def audit_record(execution: ExecutionView) -> AuditRecord:
    """Return the record of this execution.

    It reads the JSON and not the model: a record must be possible of any object that a cluster holds, however old.
    """
    metadata = execution.json["metadata"]
    spec, status = execution.json.get("spec") or {}, execution.json.get("status") or {}
    result, approval = status.get("result") or {}, status.get("approval") or {}
    return AuditRecord(
        execution=metadata["name"],
        namespace=metadata.get("namespace"),
        uid=metadata.get("uid"),
        requested_by=status.get("requestedBy") or execution.requested_by or None,
        agent=execution.agent or None,
        action=spec.get("action"),
        target=status.get("target"),
        parameters=_parameters(spec.get("parameters")),
        dry_run=bool(spec.get("dryRun")),
        rollback_of=execution.rollback_of or None,
        created=metadata.get("creationTimestamp"),
        started=status.get("startTime"),
        ended=status.get("completionTime"),
        seconds=seconds_between(status.get("startTime"), status.get("completionTime")),
        decision=_decision(status.get("jobName"), status.get("phase")),
        phase=status.get("phase", str(Phase.PENDING)),
        reason=status.get("reason"),
        message=status.get("message"),
        attempts=status.get("attempts"),
        job=status.get("jobName"),
        plugin=status.get("plugin"),
        changes=result.get("changes") or [],
        unconfirmed=result.get("unconfirmed") or [],
        rollback=result.get("rollback"),
        trace_id=_trace_id(status.get("traceparent")),
        plan=execution.approved_plan or None,
        proposed_by=status.get("proposedBy"),
        plan_digest=status.get("planDigest"),
        rejected=execution.is_rejected,
        approved_as=approval.get("execution"),
        approved_by=approval.get("requestedBy"),
        approved=approval.get("time"),
        alert=execution.annotation(ANNOTATION_ALERT_NAME) or None,
        alert_fingerprint=execution.annotation(ANNOTATION_ALERT_FINGERPRINT) or None,
    )


def _parameters(given: Any) -> dict[str, Any]:
    """Return the parameters; none where they are too large to be kept."""
    return given if isinstance(given, dict) else {}


def _decision(job: str | None, phase: str | None) -> Decision:
    """Return whether it was admitted; how an admitted one ended is its phase."""
    if job:
        return "admitted"
    if phase == Phase.CANCELLED:
        return "cancelled"
    if phase == Phase.SKIPPED:
        return "skipped"
    return "refused" if phase == Phase.FAILED else "undecided"


def seconds_between(start: str | None, end: str | None) -> float | None:
    """Return the seconds from one of the API server's timestamps to another; None if either is missing."""
    started, ended = parse_time(start), parse_time(end)
    return round((ended - started).total_seconds(), 3) if started and ended else None


def _trace_id(traceparent: str | None) -> str | None:
    """Return the second part of a W3C traceparent."""
    parts = (traceparent or "").split("-")
    return parts[1] if len(parts) == 4 else None
