"""One execution on one screen. Pure: from its details and the present time to markup, section by section."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table

from kubernaut.api.view import ExecutionView
from kubernaut.cli.console import escape_markup, print_table
from kubernaut.cli.durations import age, format_duration, format_time
from kubernaut.cli.parameters import as_pairs
from kubernaut.cli.views.details import EventSummary, ExecutionDetails
from kubernaut.cli.views.next_steps import next_lines
from kubernaut.cli.views.progress import stage_lines
from kubernaut.cli.views.rows import execution_duration
from kubernaut.cli.views.summary import result_lines, styled_standing
from kubernaut.telemetry.audit import audit_record

_MARKS = {"True": "[green]✓[/]", "False": "[red]✗[/]", "failed": "[red]✗[/]", "done": " "}


def print_description(out: Console, details: ExecutionDetails, now: datetime) -> None:
    """All sections that have something to tell, and at last what to type next."""
    obj = details.obj
    status = obj.get("status", {})
    out.print(f"[bold]{escape_markup(obj['metadata']['name'])}[/]  {styled_standing(status)}")
    if status.get("message"):
        print_table(out, Padding.indent(escape_markup(status["message"]), 2))
    out.print()
    print_table(out, _grid(_facts(details, now)))
    _section(out, "would change" if obj["spec"].get("dryRun") else "changes", result_lines(obj))
    _section(out, "conditions", list(_conditions(status)))
    stages = [line for line in stage_lines(obj, details.pods or None) if line.detail != status.get("message")]
    rows = [
        (
            _MARKS.get(line.state, "·"),
            escape_markup(line.name),
            _lasted(line.lasts, line.seconds),
            escape_markup(line.detail),
        )
        for line in stages
    ]
    _table(out, "stages", rows)
    _table(out, "events", [_event(event, now) for event in details.events])
    _section(
        out,
        "the end of its log",
        [f"[dim]{escape_markup(line)}[/]" for line in (status.get("logTail") or "").splitlines()],
    )
    _section(out, "not known", [escape_markup(line) for line in details.unread])
    lines = next_lines(obj, has_pods=bool(details.pods))
    if lines:
        out.print()
    for line in lines:
        out.print(line, soft_wrap=True)


def _facts(details: ExecutionDetails, now: datetime) -> Iterator[tuple[str, str]]:
    record = audit_record(ExecutionView(details.obj))
    pairs = " ".join(as_pairs(record.parameters))
    yield "action", escape_markup(f"{record.action}{' (dry run only)' if record.dry_run else ''}  {pairs}")
    yield "target", escape_markup(record.target or "not known yet")
    yield "namespace", escape_markup(str(record.namespace))
    yield "requested by", escape_markup(record.requested_by or "unknown")
    if record.rollback_of:
        yield "undoes", escape_markup(record.rollback_of)
    yield "created", f"{format_time(record.created)} UTC, {age(record.created, now)} ago"
    if record.started:
        ended = f", ended {format_time(record.ended)}" if record.ended else ""
        duration = f"{'took' if ended else 'for'} {execution_duration(record, now)}"
        yield "started", f"{format_time(record.started)} UTC{ended}, {duration}"
    if record.job:
        yield "job", escape_markup(record.job)
    if record.trace_id:
        yield "trace", escape_markup(record.trace_id)
    for number, attempt in enumerate(details.attempts, start=1):
        node = f" on node {attempt.node}" if attempt.node else ""
        yield f"attempt {number}", escape_markup(f"pod {attempt.pod} {attempt.phase}{node}")
    if record.attempts and not details.pods:
        yield "attempts", f"{record.attempts}; their pods are gone"


def _conditions(status: Mapping[str, Any]) -> Iterator[str]:
    for one in status.get("conditions", []):
        mark = _MARKS.get(one["status"], "?")
        yield f"{mark} {escape_markup(one['type'])}  {escape_markup(one['reason'])}"


def _lasted(lasts: bool, seconds: float) -> str:
    return "so far" if lasts else format_duration(seconds) if seconds else "under 1 s"


def _event(event: EventSummary, now: datetime) -> tuple[str, ...]:
    times = f" (x{event.count})" if event.count > 1 else ""
    kind = f"[yellow]{escape_markup(event.type)}[/]" if event.type == "Warning" else escape_markup(event.type)
    about = "" if event.about.startswith("KubernetesExecution/") else f"{escape_markup(event.about)}: "
    return age(event.time, now), kind, f"{escape_markup(event.reason)}{times}", f"{about}{escape_markup(event.message)}"


def _section(out: Console, title: str, lines: list[str]) -> None:
    if lines:
        out.print(f"\n[bold]{title}[/]")
        for line in lines:
            out.print(f"  {line}")


def _table(out: Console, title: str, rows: Sequence[tuple[str, ...]]) -> None:
    if rows:
        out.print(f"\n[bold]{title}[/]")
        print_table(out, _grid(rows))


def _grid(rows: Iterable[tuple[str, ...]]) -> Table:
    """Rows below one another, set in by two."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    for row in rows:
        grid.add_row("", *row)
    return grid
