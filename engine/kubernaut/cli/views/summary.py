"""The result of an execution in a few lines of markup."""

from __future__ import annotations

from collections.abc import Iterable

from kubernaut.api.execution import Phase
from kubernaut.api.stages import Stage
from kubernaut.api.view import ExecutionView
from kubernaut.caller.durations import format_measured
from kubernaut.caller.next_steps import next_steps
from kubernaut.caller.progress import shown_stages, stage_name
from kubernaut.cli.console import escape_markup, styled_phase
from kubernaut.cli.views.diff import change_lines, colour_diff


def summary(execution: ExecutionView) -> str:
    """Return the end in one line. A message that only repeats the changes listed below it is left out."""
    status = execution.status
    executed, result = status.condition("Executed"), status.result
    concluded = executed is not None and executed.message
    if status.phase is Phase.SUCCEEDED and result and result.changes and not concluded:
        return styled_phase(status.phase) + (", dry run only: nothing was changed" if execution.is_dry_run else "")
    return f"{styled_state(status.phase, status.reason)}  {escape_markup(status.message or '')}"


def styled_state(phase: str, reason: str | None) -> str:
    """Return phase and reason as markup, the phase in its colour."""
    return styled_phase(phase) + (escape_markup(f" ({reason})") if reason else "")


def detail_lines(execution: ExecutionView) -> list[str]:
    """Return changes and outputs, the command that undoes them, the end of the log, and where the time went."""
    status = execution.status
    lines = [f"  {line}" for line in result_lines(execution)]
    if status.result and status.result.rollback:
        lines.append(f"  undo: kubernaut rollback {execution.name} -n {execution.namespace}")
    if status.result and status.result.irreversible:
        lines.append(f"  no undo: {escape_markup(status.result.irreversible)}")
    if status.log_tail:
        log = [f"[dim]    {escape_markup(line)}[/]" for line in status.log_tail.splitlines()]
        lines += ["  end of its log:", *log]
    if status.stages:
        lines.append(f"  time: {stages_line(status.stages)}")
    return lines


def result_lines(execution: ExecutionView) -> list[str]:
    """Return changes and outputs."""
    result = execution.status.result
    if result is None:
        return []
    changes = change_lines(result.changes, suffix=" (planned)" if execution.is_dry_run else "")
    changes += change_lines(result.unconfirmed, suffix=" (not confirmed)")
    return [*changes, *(f"{escape_markup(key)}: {_output(value)}" for key, value in result.outputs.items())]


def _output(value: object) -> str:
    """Return a value; one of several lines is put below its name, coloured as a diff."""
    lines = str(value).splitlines()
    if len(lines) <= 1:
        return escape_markup(str(value))
    return "".join(f"\n    {line}" for line in colour_diff(lines))


def stages_line(stages: Iterable[Stage]) -> str:
    """Return the stages in one line: `validate 4 ms · start 120 ms · …`."""
    return " · ".join(
        f"{escape_markup(stage_name(stage))} {stage_duration(stage)}" for stage in shown_stages([*stages])
    )


def stage_duration(stage: Stage) -> str:
    """Return how long a stage took, or `so far` while it lasts."""
    return format_measured(stage.seconds) if stage.end_time else "so far"


def next_lines(execution: ExecutionView, *, has_pods: bool = True) -> list[str]:
    """Return the next steps as markup, one line each."""
    return [
        f"next: [bold]{escape_markup(step.command)}[/]  [dim]# {escape_markup(step.why)}[/]"
        for step in next_steps(execution, has_pods=has_pods)
    ]
