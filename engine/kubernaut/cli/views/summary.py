"""What an execution came to, in a few lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console

from kubernaut.api.execution import Phase
from kubernaut.api.view import ExecutionView
from kubernaut.cli.console import escape_markup, styled
from kubernaut.cli.durations import format_duration, seconds
from kubernaut.cli.parameters import as_pairs
from kubernaut.cli.views.diff import change_lines, coloured


def summary(obj: Mapping[str, Any]) -> str:
    """Return the end in one line; changes that are listed below it are not repeated, unless the action concluded something itself."""
    status, execution = obj["status"], ExecutionView(obj)
    executed, result = execution.status.condition("Executed"), execution.status.result
    concluded = executed is not None and executed.message
    if execution.phase is Phase.SUCCEEDED and result and result.changes and not concluded:
        return styled(status["phase"]) + (", dry run only: nothing was changed" if execution.is_dry_run else "")
    return f"{styled_standing(status)}  {escape_markup(status.get('message') or '')}"


def standing(status: Mapping[str, Any]) -> str:
    """`Failed (Forbidden)`: phase and reason, as text."""
    return f"{status.get('phase', 'created')}{_reason(status)}"


def styled_standing(status: Mapping[str, Any]) -> str:
    """The same as markup."""
    return f"{styled(status.get('phase', 'created'))}{escape_markup(_reason(status))}"


def _reason(status: Mapping[str, Any]) -> str:
    return f" ({status['reason']})" if status.get("reason") else ""


def print_details(out: Console, obj: Mapping[str, Any]) -> None:
    """Changes, the way back, and where the time went."""
    status, metadata = obj["status"], obj["metadata"]
    result = status.get("result", {})
    for line in result_lines(obj):
        out.print(f"  {line}")
    if result.get("rollback"):
        out.print(f"  undo: kubernaut rollback {metadata['name']} -n {metadata['namespace']}")
    if status.get("logTail"):
        lines = "\n".join(f"    {escape_markup(line)}" for line in status["logTail"].splitlines())
        out.print(f"  its log ended with:\n[dim]{lines}[/]")
    if status.get("stages"):
        out.print(f"  time: {stages_line(status['stages'])}")


def result_lines(obj: Mapping[str, Any]) -> list[str]:
    """Changes and outputs, as markup."""
    result = obj.get("status", {}).get("result", {})
    planned = " (planned)" if obj["spec"].get("dryRun") else ""
    changes = [f"{line}{planned}" if "→" in line else line for line in change_lines(result.get("changes", []))]
    return [
        *changes,
        *(f"{escape_markup(key)}: {_told_output(value)}" for key, value in result.get("outputs", {}).items()),
    ]


def _told_output(value: object) -> str:
    """A value; one of several lines stands below its name, and added and removed lines are coloured as in a diff."""
    lines = str(value).splitlines()
    if len(lines) <= 1:
        return escape_markup(str(value))
    return "".join(f"\n    {line}" for line in coloured(lines))


def undo_line(obj: Mapping[str, Any]) -> str:
    """The command that carries out the way back of an execution, whatever has happened since."""
    rollback = obj["status"]["result"]["rollback"]
    return execute_line(rollback["action"], obj["metadata"]["namespace"], rollback["parameters"])


def execute_line(action: str, namespace: str, parameters: Mapping[str, Any]) -> str:
    """The command that asks for this."""
    return " ".join(
        ["kubernaut execute", action, "-n", namespace, *(f"-p {pair}" for pair in as_pairs(dict(parameters)))]
    )


def shown_stages(stages: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The stages that tell the story: the top level, and in place of each attempt its parts, where it has any."""
    parted = {stage.get("attempt") for stage in stages if stage.get("within") == "attempt"}
    return [
        stage
        for stage in stages
        if stage.get("within") == "attempt"
        or (not stage.get("within") and (stage["name"] != "attempt" or stage.get("attempt") not in parted))
    ]


def stage_name(stage: Mapping[str, Any]) -> str:
    """Its name; a later attempt's says of which attempt."""
    attempt = stage.get("attempt") or 1
    waits = f" for {stage['detail']}" if stage["name"] == "wait" and stage.get("detail") else ""
    return f"{stage['name']}{waits}{f' ({attempt})' if attempt > 1 else ''}"


def stages_line(stages: Iterable[Mapping[str, Any]]) -> str:
    """`validate 4 ms · start 120 ms · …`."""
    return " · ".join(
        f"{escape_markup(stage_name(stage))} {stage_duration(stage)}" for stage in shown_stages(list(stages))
    )


def stage_duration(stage: Mapping[str, Any]) -> str:
    """How long a stage took; the kubelet's clock knows whole seconds only."""
    if not stage.get("endTime"):
        return "so far"
    return format_duration(seconds(stage)) if seconds(stage) else "under 1 s"
