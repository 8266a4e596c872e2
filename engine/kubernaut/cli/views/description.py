"""One execution on one screen, section by section."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table

from kubernaut.api.execution import KIND, Condition
from kubernaut.api.labels import LABEL_RUN
from kubernaut.api.view import ExecutionView
from kubernaut.caller.commands import as_pairs
from kubernaut.caller.details import EventSummary, ExecutionDetails
from kubernaut.caller.durations import age, format_duration, format_measured, format_time
from kubernaut.caller.progress import StageLine, stage_lines
from kubernaut.caller.summaries import execution_duration
from kubernaut.cli.console import escape_markup
from kubernaut.cli.views.summary import result_lines, styled_state
from kubernaut.telemetry.audit import AuditRecord, audit_record, seconds_between

_CONDITION_MARKS = {"True": "[green]✓[/]", "False": "[red]✗[/]"}
_STAGE_MARKS = {"failed": "[red]✗[/]", "done": " "}


def description(details: ExecutionDetails, now: datetime) -> Iterator[RenderableType]:
    """Yield the heading and every section that has content, as markup and tables to print one after the other."""
    execution, status = details.execution, details.execution.status
    yield f"[bold]{escape_markup(execution.name)}[/]  {styled_state(status.phase, status.reason)}"
    if status.message:
        yield Padding.indent(escape_markup(status.message), 2)
    yield ""
    yield _grid(_facts(details, now))
    yield from _lines("would change" if execution.is_dry_run else "changes", result_lines(execution))
    if status.result and status.result.irreversible:
        yield from _lines("no undo", [escape_markup(status.result.irreversible)])
    yield from _lines("conditions", [_condition(condition) for condition in status.conditions])
    stages = [line for line in stage_lines(execution, details.pods or None) if line.detail != status.message]
    yield from _table("stages", [_stage(line) for line in stages])
    yield from _table("events", [_event(event, now) for event in details.events])
    yield from _lines(
        "end of its log", [f"[dim]{escape_markup(line)}[/]" for line in (status.log_tail or "").splitlines()]
    )
    yield from _lines("not known", [escape_markup(line) for line in details.unread])


def _facts(details: ExecutionDetails, now: datetime) -> Iterator[tuple[str, str]]:
    record = audit_record(details.execution)
    pairs = " ".join(as_pairs(record.parameters)).replace("\n", "⏎")
    yield "action", escape_markup(f"{record.action}{' (dry run only)' if record.dry_run else ''}  {pairs}")
    yield "target", escape_markup(record.target or "not known yet")
    yield "namespace", escape_markup(str(record.namespace))
    yield "requested by", escape_markup(record.requested_by or "unknown")
    if record.agent:
        yield "agent", escape_markup(f"{record.agent}  (as it calls itself)")
    yield from _plan(record)
    yield from _order(details.execution, record)
    yield "created", f"{format_time(record.created)} UTC, {age(record.created, now)} ago"
    if record.started:
        ended = f", ended {format_time(record.ended)}" if record.ended else ""
        duration = f"{'took' if ended else 'for'} {execution_duration(record, now)}"
        yield "started", f"{format_time(record.started)} UTC{ended}, {duration}"
    if record.job:
        yield "job", escape_markup(record.job)
    if record.plugin:
        yield "plugin", escape_markup(record.plugin)
    if record.trace_id:
        yield "trace", escape_markup(record.trace_id)
    for number, attempt in enumerate(details.attempts, start=1):
        node = f" on node {attempt.node}" if attempt.node else ""
        yield f"attempt {number}", escape_markup(f"pod {attempt.pod} {attempt.phase}{node}")
    if record.attempts and not details.pods:
        yield "attempts", f"{record.attempts}; their pods are gone"


def _order(execution: ExecutionView, record: AuditRecord) -> Iterator[tuple[str, str]]:
    """Yield what it undoes, what it comes after, and the run that it belongs to."""
    if record.rollback_of:
        yield "undoes", escape_markup(record.rollback_of)
    if after := execution.spec.after:
        yield "after", escape_markup(", ".join(f"{one.execution} {one.when}" for one in after))
    if run := (execution.json["metadata"].get("labels") or {}).get(LABEL_RUN):
        yield "run", escape_markup(f"{run}  (kubernaut describe --run {run} -n {execution.namespace})")


def _plan(record: AuditRecord) -> Iterator[tuple[str, str]]:
    if record.plan:
        yield "plan of", escape_markup(f"{record.plan}, proposed by {record.proposed_by or 'somebody unknown'}")
    if record.plan_digest:
        yield "plan", escape_markup(record.plan_digest)
    if record.rejected:
        yield "rejected", "nobody can approve it any more"
    if record.approved_as:
        yield "approved", escape_markup(_approval(record))


def _approval(record: AuditRecord) -> str:
    """Return who approved a plan, as what, and how long after it was there."""
    seconds = seconds_between(record.ended, record.approved)
    after = f", {format_duration(seconds)} later" if seconds is not None else ""
    return f"by {record.approved_by or 'somebody unknown'}, as {record.approved_as}{after}"


def _condition(condition: Condition) -> str:
    mark = _CONDITION_MARKS.get(condition.status, "?")
    return f"{mark} {escape_markup(condition.type)}  {escape_markup(condition.reason)}"


def _stage(line: StageLine) -> tuple[str, ...]:
    duration = "so far" if line.is_current else format_measured(line.seconds)
    return _STAGE_MARKS.get(line.state, "·"), escape_markup(line.name), duration, escape_markup(line.detail)


def _event(event: EventSummary, now: datetime) -> tuple[str, ...]:
    times = f" (x{event.count})" if event.count > 1 else ""
    kind = f"[yellow]{escape_markup(event.type)}[/]" if event.type == "Warning" else escape_markup(event.type)
    about = "" if event.about.startswith(f"{KIND}/") else f"{escape_markup(event.about)}: "
    return age(event.time, now), kind, f"{escape_markup(event.reason)}{times}", f"{about}{escape_markup(event.message)}"


def _lines(title: str, lines: Sequence[str]) -> Iterator[RenderableType]:
    if lines:
        yield f"\n[bold]{title}[/]"
        yield from (f"  {line}" for line in lines)


def _table(title: str, rows: Sequence[tuple[str, ...]]) -> Iterator[RenderableType]:
    if rows:
        yield f"\n[bold]{title}[/]"
        yield _grid(rows)


def _grid(rows: Iterable[tuple[str, ...]]) -> Table:
    """Return a table without a header, indented by two."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    for row in rows:
        grid.add_row("", *row)
    return grid
