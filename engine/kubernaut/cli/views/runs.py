"""A run as a table, a row per step; and followed to its end: redrawn in place on a terminal, as plain lines elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime

from rich.console import Console, RenderableType
from rich.live import Live
from rich.table import Table

from kubernaut.api.execution import Phase
from kubernaut.api.view import ExecutionView
from kubernaut.caller.runs import no_run, run_order, run_selector, step_name
from kubernaut.caller.summaries import action_cell, execution_duration
from kubernaut.cli.console import escape_markup, print_trimmed, styled_phase, supports_live, table
from kubernaut.cli.views.diff import brief_line
from kubernaut.cli.views.live import UNOBSERVED_SECONDS, warn_unobserved
from kubernaut.cli.views.summary import styled_state
from kubernaut.errors import NotFoundError
from kubernaut.kube.client import Cluster
from kubernaut.kube.follow import watch_collection
from kubernaut.kube.objects import EXECUTIONS, Key, Object
from kubernaut.telemetry.audit import audit_record

_MAX_SHOWN_CHANGES = 2
_GOOD_ENDS = {"Succeeded", "Skipped"}
_MARKS = {"Succeeded": "✓", "Failed": "✗", "Cancelled": "✗"}


def run_table(executions: Iterable[ExecutionView], now: datetime) -> Table:
    """Return a row per step: its action, phase and reason, how long it took, and what it changed."""
    listing = table("", "STEP", "ACTION", "PHASE", "TOOK", "CHANGES")
    for execution in executions:
        record, status = audit_record(execution), execution.status
        listing.add_row(
            _MARKS.get(str(execution.phase), "·"),
            escape_markup(step_name(execution)),
            escape_markup(action_cell(record)),
            styled_state(str(execution.phase), status.reason),
            execution_duration(record, now),
            "; ".join(brief_changes(execution)),
        )
    return listing


def brief_changes(execution: ExecutionView) -> list[str]:
    """Return the first changes in one line each, and how many more there are, as markup."""
    result = execution.status.result
    changes = result.changes if result else ()
    omitted = len(changes) - _MAX_SHOWN_CHANGES
    suffix = " (planned)" if execution.is_dry_run else ""
    more = [f"and {omitted} more"] if omitted > 0 else []
    return [*(f"{brief_line(change)}{suffix}" for change in changes[:_MAX_SHOWN_CHANGES]), *more]


def run_summary(run: str, executions: Sequence[ExecutionView]) -> str:
    """Return how many steps are in each phase, as markup."""
    phases = [str(execution.phase) for execution in executions]
    counts = ", ".join(f"{phases.count(phase)} {styled_phase(phase)}" for phase in dict.fromkeys(phases))
    return f"run {escape_markup(run)}: {counts}"


def has_succeeded(executions: Iterable[ExecutionView]) -> bool:
    """Whether every step did what it was for, or was not needed."""
    return all(str(execution.phase) in _GOOD_ENDS for execution in executions)


class RunFollower:
    """Follows the executions of a run until all have ended, and prints their progress, unless it is quiet."""

    def __init__(self, out: Console, *, quiet: bool = False) -> None:
        self._out, self._quiet, self._redraws = out, quiet, supports_live(out)
        self._latest: list[ExecutionView] = []
        self._printed: dict[str, tuple[Phase, str | None]] = {}

    async def follow(self, cluster: Cluster, namespace: str, run: str) -> list[ExecutionView]:
        """Return the executions once all have ended. Ctrl-c stops the following, not the run.

        Raises InputError if there are none, NotFoundError when one is deleted before its end, and UnavailableError when the API server
        does not answer.
        """
        warning = asyncio.get_running_loop().call_later(UNOBSERVED_SECONDS, warn_unobserved, f"run {run}")
        try:
            with self._live(run):
                async for found in watch_collection(cluster, EXECUTIONS, namespace, selector=run_selector(run)):
                    if not self._latest and not found:
                        raise no_run(run, namespace)
                    self._update(found)
                    if any(one.status.observed_generation is not None for one in self._latest):
                        warning.cancel()
                    if all(execution.has_ended for execution in self._latest):
                        break
        finally:
            warning.cancel()
        self._print_end(run)
        return self._latest

    def _update(self, found: Mapping[Key, Object]) -> None:
        """Take over a new state, and print what is new in it where nothing is redrawn."""
        names = {key.name for key in found}
        if gone := [one.name for one in self._latest if one.name not in names and not one.has_ended]:
            raise NotFoundError(f"execution {gone[0]} was deleted before its end")
        kept = [one for one in self._latest if one.name not in names]
        self._latest = [*kept, *run_order(found)]
        if self._quiet or self._redraws:
            return
        for execution in self._latest:
            state = (execution.phase, execution.status.reason)
            if self._printed.get(execution.name) != state:
                self._printed[execution.name] = state
                self._out.print(_line(execution), soft_wrap=True)

    def _live(self, run: str) -> AbstractContextManager[object]:
        if self._quiet or not self._redraws:
            return nullcontext()
        return Live(get_renderable=self._draw, console=self._out, transient=True, refresh_per_second=4)

    def _draw(self) -> RenderableType:
        return run_table(self._latest, datetime.now(UTC))

    def _print_end(self, run: str) -> None:
        if self._quiet:
            return
        if self._redraws:
            print_trimmed(self._out, self._draw())
        self._out.print(run_summary(run, self._latest), soft_wrap=True)


def _line(execution: ExecutionView) -> str:
    """Return the state of a step in one line of markup: what it changed if it ended well, else its message."""
    changes = "; ".join(brief_changes(execution)) if execution.phase is Phase.SUCCEEDED else ""
    detail = changes or escape_markup(execution.status.message or "")
    state = styled_state(str(execution.phase), execution.status.reason)
    return f"{escape_markup(step_name(execution))}  {escape_markup(execution.action)}  {state}  {detail}".rstrip()
