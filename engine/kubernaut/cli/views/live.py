"""Follows an execution to its end and shows its progress: redrawn in place on a terminal, as plain lines elsewhere."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from kubernaut.api.execution import Phase
from kubernaut.api.view import ExecutionView
from kubernaut.caller.durations import format_duration, format_measured
from kubernaut.caller.executions import read_execution
from kubernaut.caller.pods import follow_own_pods
from kubernaut.caller.progress import StageLine, format_state, planned_changes, stage_lines
from kubernaut.cli.console import error_console, escape_markup, strip_control, styled_phase, supports_live
from kubernaut.cli.views.diff import change_lines
from kubernaut.cli.views.summary import detail_lines, next_lines, summary
from kubernaut.errors import KubernautError
from kubernaut.kube.client import Cluster
from kubernaut.kube.follow import follow
from kubernaut.kube.objects import Key, Object

UNOBSERVED_SECONDS = 10.0
_MARKS = {"done": ("✓", "green"), "failed": ("✗", "red"), "waiting": ("·", "blue"), "running": ("", "")}


class View:
    """The latest known state of one execution, and how it is drawn."""

    def __init__(self, key: Key, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` returns seconds; durations are measured by it, as the cluster's clock may differ."""
        self._key, self._clock, self._started = key, clock, clock()
        self.execution: ExecutionView | None = None
        self._pods: dict[Key, Object] | None = None
        self.has_pods = True
        """Whether it has pods that still exist; assumed if they cannot be read."""
        self._current, self._current_since = "", self._started
        self._spinner = Spinner("dots")

    def update(self, execution: ExecutionView) -> None:
        """Replace the execution by its new state."""
        self.execution = execution
        self._measure()

    def update_pods(self, pods: Mapping[Key, Object]) -> None:
        """Add the present pods; deleted ones are remembered."""
        self._pods = {**(self._pods or {}), **pods}
        self.has_pods = any("deletionTimestamp" not in pod["metadata"] for pod in pods.values())
        self._measure()

    @property
    def lines(self) -> list[StageLine]:
        """The stages so far."""
        if self.execution is None:
            return []
        return stage_lines(self.execution, None if self._pods is None else list(self._pods.values()))

    @property
    def plan(self) -> list[str]:
        """What would change according to the dry run, as markup."""
        return change_lines(planned_changes(list((self._pods or {}).values())))

    def draw(self) -> RenderableType:
        """Return the heading, the stages, and the plan."""
        phase = self.execution.phase if self.execution else "created"
        elapsed = format_duration(self._clock() - self._started)
        heading = f"[bold]{self._key}[/]  {styled_phase(phase)}  {elapsed}"
        grid = Table.grid(padding=(0, 2, 0, 0))
        for line in self.lines:
            grid.add_row(*self._row(line))
        plan = ["  [bold]would change[/]", *(f"    {line}" for line in self.plan)] if self.plan else []
        return Group(heading, grid, *plan)

    def _row(self, line: StageLine) -> tuple[RenderableType, ...]:
        mark, colour = _MARKS[line.state]
        seconds = self._clock() - self._current_since if line.is_current else line.seconds
        duration = Text(format_measured(seconds), "dim")
        return self._mark(mark, colour), Text(strip_control(line.name)), duration, strip_control(line.detail)

    def _mark(self, mark: str, colour: str) -> RenderableType:
        if mark:
            return Text(f"  {mark}", colour)
        indented = Table.grid()
        indented.add_row("  ", self._spinner)
        return indented

    def _measure(self) -> None:
        """Start the time of the current stage anew if it is another one than before."""
        current = next((line.name for line in self.lines if line.is_current), "")
        if current != self._current:
            self._current, self._current_since = current, self._clock()


class Follower:
    """Follows one execution to its end and prints its progress, unless it is quiet."""

    def __init__(self, out: Console, *, quiet: bool = False) -> None:
        self._out, self._quiet, self._redraws = out, quiet, supports_live(out)
        self._printed: set[str] = set()

    async def follow(self, cluster: Cluster, key: Key) -> ExecutionView:
        """Return the execution once it has ended. Ctrl-c stops the following, not the execution."""
        view = View(key)
        warning = asyncio.get_running_loop().call_later(UNOBSERVED_SECONDS, warn_unobserved, str(key))
        pods: asyncio.Task[None] | None = None
        with self._live(view):
            try:
                async for obj in follow(cluster, key):
                    execution = read_execution(obj)
                    if execution.status.observed_generation is not None:
                        warning.cancel()
                    view.update(execution)
                    self._print_progress(key, view, execution)
                    if not self._quiet and pods is None and execution.job_name and not execution.has_ended:
                        pods = asyncio.create_task(self._follow_pods(cluster, key, view, execution))
            finally:
                warning.cancel()
                if pods:
                    pods.cancel()
        self._print_end(view, execution)
        return execution

    async def _follow_pods(self, cluster: Cluster, key: Key, view: View, execution: ExecutionView) -> None:
        """Follow its pods if this user is allowed to read them; if not, the phases must do."""
        with suppress(KubernautError):
            async for pods in follow_own_pods(cluster, execution):
                view.update_pods(pods)
                self._print_progress(key, view, execution)

    def _live(self, view: View) -> AbstractContextManager[object]:
        if self._quiet or not self._redraws:
            return nullcontext()
        return Live(get_renderable=view.draw, console=self._out, transient=True, refresh_per_second=10)

    def _print_progress(self, key: Key, view: View, execution: ExecutionView) -> None:
        """Where nothing is redrawn, print a line for each thing that is new. The end is left to the summary."""
        if self._quiet or self._redraws or execution.has_ended:
            return
        status = execution.status
        state = escape_markup(f"{format_state(status.phase, status.reason)}  {status.message or ''}")
        self._print_once(key, state, state)
        for line in view.lines:
            if not line.is_current:
                self._print_once(key, line.name, _ended_line(line))
        for change in view.plan:
            self._print_once(key, change, f"would change {change}")

    def _print_once(self, key: Key, what: str, line: str) -> None:
        if what not in self._printed:
            self._printed.add(what)
            self._out.print(f"{key}  {line}")

    def _print_end(self, view: View, execution: ExecutionView) -> None:
        if self._quiet:
            return
        for line in (summary(execution), *detail_lines(execution)):
            self._out.print(line)
        if execution.phase is Phase.FAILED or execution.status.plan_digest:
            for line in next_lines(execution, has_pods=view.has_pods):
                self._out.print(f"  {line}")


def _ended_line(line: StageLine) -> str:
    mark, _ = _MARKS[line.state]
    return escape_markup(f"{mark} {line.name} {format_measured(line.seconds)}  {line.detail}".rstrip())


def warn_unobserved(what: str) -> None:
    """Print on standard error that no engine has picked it up."""
    message = (
        f"{what} has not been picked up for {UNOBSERVED_SECONDS:.0f} s. "
        "Is `kubernaut controller` running and allowed to act in this namespace? Still waiting."
    )
    error_console().print(message, markup=False)
