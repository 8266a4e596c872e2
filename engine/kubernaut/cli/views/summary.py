"""The result of an execution in a few lines of markup."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kubernaut.api.execution import Phase
from kubernaut.api.stages import Stage
from kubernaut.api.view import ExecutionView
from kubernaut.cli.console import escape_markup, styled_phase
from kubernaut.cli.durations import format_measured
from kubernaut.cli.parameters import as_pairs
from kubernaut.cli.views.diff import change_lines, colour_diff


def summary(execution: ExecutionView) -> str:
    """Return the end in one line. A message that only repeats the changes listed below it is left out."""
    status = execution.status
    executed, result = status.condition("Executed"), status.result
    concluded = executed is not None and executed.message
    if status.phase is Phase.SUCCEEDED and result and result.changes and not concluded:
        return styled_phase(status.phase) + (", dry run only: nothing was changed" if execution.is_dry_run else "")
    return f"{styled_state(status.phase, status.reason)}  {escape_markup(status.message or '')}"


def format_state(phase: str, reason: str | None) -> str:
    """Return phase and reason as text: `Failed (Forbidden)`."""
    return f"{phase} ({reason})" if reason else phase


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


def execute_command(action: str, namespace: str, parameters: Mapping[str, Any], verb: str = "execute") -> str:
    """Return the command that creates an execution with these parameters, or proposes one."""
    return " ".join(
        [f"kubernaut {verb}", action, "-n", namespace, *(f"-p {pair}" for pair in as_pairs(dict(parameters)))]
    )


def shown_stages(stages: Sequence[Stage]) -> list[Stage]:
    """Return the stages of the top level, with each attempt replaced by its parts if it has any."""
    with_parts = {stage.attempt for stage in stages if stage.within == "attempt"}
    return [
        stage
        for stage in stages
        if stage.within == "attempt"
        or (not stage.within and (stage.name != "attempt" or stage.attempt not in with_parts))
    ]


def stage_name(stage: Stage) -> str:
    """Return its name: a wait with its reason, a later attempt's with the attempt's number."""
    attempt = stage.attempt or 1
    reason = f" for {stage.detail}" if stage.name == "wait" and stage.detail else ""
    return f"{stage.name}{reason}{f' ({attempt})' if attempt > 1 else ''}"


def stages_line(stages: Iterable[Stage]) -> str:
    """Return the stages in one line: `validate 4 ms · start 120 ms · …`."""
    return " · ".join(
        f"{escape_markup(stage_name(stage))} {stage_duration(stage)}" for stage in shown_stages([*stages])
    )


def stage_duration(stage: Stage) -> str:
    """Return how long a stage took, or `so far` while it lasts."""
    return format_measured(stage.seconds) if stage.end_time else "so far"
