"""Turns executions into answers: what the engine decided as it is, what others wrote as excerpts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from kubernaut.api.execution import Phase, Reason
from kubernaut.api.labels import LABEL_RUN
from kubernaut.api.plugin import Change
from kubernaut.api.view import ExecutionView
from kubernaut.caller.changes import value_text
from kubernaut.caller.details import EventSummary, ExecutionDetails
from kubernaut.caller.next_steps import next_steps
from kubernaut.mcp.answers import Brief, ChangeData, ExecutionAnswer, ExecutionData
from kubernaut.mcp.guidance import has_rollback, next_for
from kubernaut.mcp.untrusted import MAX_VALUE, Excerpts, is_name
from kubernaut.telemetry.audit import AuditRecord, audit_record

_MAX_CHANGES, _MAX_EVENTS, _MAX_COMMANDS = 20, 10, 4
_OTHER = "Other"
_LEFT_OUT = {"uid", "job", "traceId", "planDigest", "changes"}
_EMPTY: tuple[object, ...] = (None, [], {}, False)


def execution_answer(details: ExecutionDetails, *, timed_out: bool = False) -> ExecutionAnswer:
    """Return everything about one execution."""
    execution, status, excerpts = details.execution, details.execution.status, Excerpts()
    record = audit_record(execution)
    data = _data(execution, record, excerpts, details)
    return ExecutionAnswer(
        next=next_for(execution),
        cut=excerpts.cut,
        execution=execution.name,
        namespace=execution.namespace,
        phase=str(execution.phase),
        reason=_known(record.reason),
        ended=execution.has_ended,
        dry_run=execution.is_dry_run,
        verified=_verified(execution),
        rollback_available=has_rollback(execution) and not execution.is_dry_run,
        approved=status.approval is not None,
        rejected=execution.is_rejected,
        carried_out_by=_name(record.approved_as),
        carries_out=_name(record.plan),
        run=_name((execution.json["metadata"].get("labels") or {}).get(LABEL_RUN)),
        created=record.created,
        started=record.started,
        completed=record.ended,
        attempts=record.attempts,
        timed_out=timed_out,
        untrusted=data,
    )


def brief(execution: ExecutionView, excerpts: Excerpts) -> Brief:
    """Return an execution as an entry of a list."""
    record, where = audit_record(execution), execution.name
    return Brief(
        execution=execution.name,
        namespace=execution.namespace,
        phase=str(execution.phase),
        reason=_known(record.reason),
        dry_run=execution.is_dry_run,
        open_proposal=execution.phase is Phase.SUCCEEDED and execution.is_dry_run and execution.is_open_proposal,
        created=record.created,
        untrusted=ExecutionData(
            action=excerpts.text(record.action, f"{where}: action", 63),
            target=excerpts.text(record.target, f"{where}: target", 300),
            requested_by=excerpts.text(record.requested_by, f"{where}: requested_by", 256),
            agent=excerpts.text(record.agent, f"{where}: agent", 128),
            message=excerpts.text(record.message, f"{where}: message", 300),
            changes=_changes(_recorded(record), excerpts, f"{where}: changes", 5),
        ),
    )


def record_data(record: AuditRecord, excerpts: Excerpts) -> dict[str, Any]:
    """Return what an audit record has, without what is empty, as excerpts."""
    where = record.execution
    changes = _changes(_recorded(record), excerpts, f"{where}: changes", 5)
    shown = {name: value for name, value in record.to_json().items() if name not in _LEFT_OUT and value not in _EMPTY}
    cleaned = {name: excerpts.value(value, f"{where}: {name}", 300) for name, value in shown.items()}
    return {**cleaned, **({"changes": [one.model_dump() for one in changes]} if changes else {})}


def _data(
    execution: ExecutionView, record: AuditRecord, excerpts: Excerpts, details: ExecutionDetails
) -> ExecutionData:
    status = execution.status
    result = status.result
    commands = [f"{step.command}  # {step.why}" for step in next_steps(execution, has_pods=bool(details.pods))]
    return ExecutionData(
        action=excerpts.text(record.action, "action", 63),
        parameters=excerpts.document(record.parameters, "parameters") if record.parameters else None,
        target=excerpts.text(record.target, "target", 300),
        requested_by=excerpts.text(record.requested_by, "requested_by", 256),
        agent=excerpts.text(record.agent, "agent", 128),
        proposed_by=excerpts.text(record.proposed_by, "proposed_by", 256),
        approved_by=excerpts.text(record.approved_by, "approved_by", 256),
        message=excerpts.text(record.message, "message"),
        log_tail=excerpts.tail(status.log_tail, "log_tail"),
        blocked_by=excerpts.text(status.blocked_by, "blocked_by", 253),
        changes=_changes(_recorded(record), excerpts, "changes", _MAX_CHANGES),
        unconfirmed=_changes(result.unconfirmed if result else (), excerpts, "unconfirmed", _MAX_CHANGES),
        outputs=excerpts.document(result.outputs, "outputs") if result and result.outputs else None,
        no_undo=excerpts.text(result.irreversible, "no_undo", 300) if result else None,
        events=[_event(one, excerpts) for one in excerpts.some(_warnings(details), "events", _MAX_EVENTS)],
        not_read=[excerpts.text(line, "not_read", 300) or "" for line in details.unread],
        commands_for_a_person=[excerpts.text(one, "commands_for_a_person") or "" for one in commands[:_MAX_COMMANDS]],
    )


def _recorded(record: AuditRecord) -> list[Change]:
    return [Change.model_validate(change) for change in record.changes]


def _changes(changes: Sequence[Change], excerpts: Excerpts, where: str, limit: int) -> list[ChangeData]:
    return [
        ChangeData(
            object=excerpts.text(f"{one.kind}/{one.name}", f"{where}: object", 300),
            field=excerpts.text(one.field, f"{where}: field", 300),
            before=excerpts.text(value_text(one.before), f"{where}: before", MAX_VALUE),
            after=excerpts.text(value_text(one.after), f"{where}: after", MAX_VALUE),
        )
        for one in excerpts.some(changes, where, limit)
    ]


def _warnings(details: ExecutionDetails) -> list[EventSummary]:
    return [event for event in details.events if event.type == "Warning"]


def _event(event: EventSummary, excerpts: Excerpts) -> str:
    text = f"{event.about}: {event.reason}{f' (x{event.count})' if event.count > 1 else ''}: {event.message}"
    return excerpts.text(text, "events", 400) or ""


def _verified(execution: ExecutionView) -> Literal["yes", "no", "not known"]:
    condition = execution.status.condition("Verified")
    known: Mapping[str, Literal["yes", "no", "not known"]] = {"True": "yes", "False": "no"}
    return known.get(condition.status, "not known") if condition else "not known"


def _known(reason: str | None) -> str | None:
    """Return the reason if it is one of the engine's: what anything else says is not for an agent to read here."""
    return reason if reason is None or reason in set(Reason) else _OTHER


def _name(text: object) -> str | None:
    """Return the name of an object; None for what is none."""
    return str(text) if text and is_name(str(text)) else None
