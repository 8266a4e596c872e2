"""One execution on one screen. Pure: from a dossier and the present time to markup, section by section."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table

from kubernaut.api.view import ExecutionView
from kubernaut.cli.console import plain, show
from kubernaut.cli.durations import age, moment, spoken
from kubernaut.cli.parameters import as_pairs
from kubernaut.cli.views.details import Dossier, Told
from kubernaut.cli.views.next_steps import next_lines
from kubernaut.cli.views.progress import lines_of
from kubernaut.cli.views.rows import execution_duration
from kubernaut.cli.views.summary import result_lines, styled_standing
from kubernaut.telemetry.audit import audit_record

_MARKS = {"True": "[green]✓[/]", "False": "[red]✗[/]", "failed": "[red]✗[/]", "done": " "}


def print_description(out: Console, dossier: Dossier, now: datetime) -> None:
    """All sections that have something to tell, and at last what to type next."""
    obj = dossier.obj
    status = obj.get("status", {})
    out.print(f"[bold]{plain(obj['metadata']['name'])}[/]  {styled_standing(status)}")
    if status.get("message"):
        show(out, Padding.indent(plain(status["message"]), 2))
    out.print()
    show(out, _grid(_facts(dossier, now)))
    _section(out, "would change" if obj["spec"].get("dryRun") else "changes", result_lines(obj))
    _section(out, "conditions", list(_conditions(status)))
    stages = [line for line in lines_of(obj, dossier.pods or None) if line.detail != status.get("message")]
    rows = [
        (_MARKS.get(line.state, "·"), plain(line.name), _lasted(line.lasts, line.seconds), plain(line.detail))
        for line in stages
    ]
    _table(out, "stages", rows)
    _table(out, "events", [_event(event, now) for event in dossier.events])
    _section(
        out, "the end of its log", [f"[dim]{plain(line)}[/]" for line in (status.get("logTail") or "").splitlines()]
    )
    _section(out, "not known", [plain(line) for line in dossier.unread])
    lines = next_lines(obj, has_pods=bool(dossier.pods))
    if lines:
        out.print()
    for line in lines:
        out.print(line, soft_wrap=True)


def _facts(dossier: Dossier, now: datetime) -> Iterator[tuple[str, str]]:
    record = audit_record(ExecutionView(dossier.obj))
    pairs = " ".join(as_pairs(record.parameters))
    yield "action", plain(f"{record.action}{' (dry run only)' if record.dry_run else ''}  {pairs}")
    yield "target", plain(record.target or "not known yet")
    yield "namespace", plain(str(record.namespace))
    yield "requested by", plain(record.requested_by or "unknown")
    if record.rollback_of:
        yield "undoes", plain(record.rollback_of)
    yield "created", f"{moment(record.created)} UTC, {age(record.created, now)} ago"
    if record.started:
        ended = f", ended {moment(record.ended)}" if record.ended else ""
        duration = f"{'took' if ended else 'for'} {execution_duration(record, now)}"
        yield "started", f"{moment(record.started)} UTC{ended}, {duration}"
    if record.job:
        yield "job", plain(record.job)
    if record.trace_id:
        yield "trace", plain(record.trace_id)
    for number, attempt in enumerate(dossier.attempts, start=1):
        node = f" on node {attempt.node}" if attempt.node else ""
        yield f"attempt {number}", plain(f"pod {attempt.pod} {attempt.phase}{node}")
    if record.attempts and not dossier.pods:
        yield "attempts", f"{record.attempts}; their pods are gone"


def _conditions(status: Mapping[str, Any]) -> Iterator[str]:
    for one in status.get("conditions", []):
        mark = _MARKS.get(one["status"], "?")
        yield f"{mark} {plain(one['type'])}  {plain(one['reason'])}"


def _lasted(lasts: bool, seconds: float) -> str:
    return "so far" if lasts else spoken(seconds) if seconds else "under 1 s"


def _event(event: Told, now: datetime) -> tuple[str, ...]:
    times = f" (x{event.count})" if event.count > 1 else ""
    kind = f"[yellow]{plain(event.type)}[/]" if event.type == "Warning" else plain(event.type)
    about = "" if event.about.startswith("KubernetesExecution/") else f"{plain(event.about)}: "
    return age(event.time, now), kind, f"{plain(event.reason)}{times}", f"{about}{plain(event.message)}"


def _section(out: Console, title: str, lines: list[str]) -> None:
    if lines:
        out.print(f"\n[bold]{title}[/]")
        for line in lines:
            out.print(f"  {line}")


def _table(out: Console, title: str, rows: Sequence[tuple[str, ...]]) -> None:
    if rows:
        out.print(f"\n[bold]{title}[/]")
        show(out, _grid(rows))


def _grid(rows: Iterable[tuple[str, ...]]) -> Table:
    """Rows below one another, set in by two."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    for row in rows:
        grid.add_row("", *row)
    return grid
