"""Shows executions as they go: drawn in place on a terminal, in plain lines elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from kubernaut.api.execution import Phase
from kubernaut.cli.console import error_console, escape_markup, strip_control, styled, supports_live, table
from kubernaut.cli.durations import format_duration
from kubernaut.cli.pods import follow_own_pods
from kubernaut.cli.views.diff import change_lines
from kubernaut.cli.views.next_steps import next_lines
from kubernaut.cli.views.progress import Line, planned, stage_lines
from kubernaut.cli.views.summary import print_details, standing, summary
from kubernaut.errors import KubernautError
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import Key, Object
from kubernaut.kube.watch import follow, has_ended

_UNSEEN_SECONDS = 10.0
_MARKS = {"done": ("✓", "green"), "failed": ("✗", "red"), "waits": ("·", "blue"), "now": ("", "")}


class View:
    """What is known of one execution at the moment, and how it is drawn."""

    def __init__(self, key: Key) -> None:
        self._key, self._began = key, time.monotonic()
        self._obj: Mapping[str, Any] = {}
        self._pods: dict[Key, Object] | None = None
        self.has_pods = True
        """Are there any that one could look at? Assumed where they cannot be read."""
        self._current, self._since = "", self._began
        self._spinner = Spinner("dots")

    def see(self, obj: Mapping[str, Any]) -> None:
        """Take in the execution."""
        self._obj = obj
        self._note()

    def see_pods(self, pods: Mapping[Key, Object]) -> None:
        """Take in its pods; one that goes stays known."""
        self._pods = {**(self._pods or {}), **pods}
        self.has_pods = any("deletionTimestamp" not in pod["metadata"] for pod in pods.values())
        self._note()

    @property
    def lines(self) -> list[Line]:
        """The stages so far."""
        return stage_lines(self._obj, None if self._pods is None else list(self._pods.values()))

    @property
    def plan(self) -> list[str]:
        """What the dry run says would change, as markup."""
        return change_lines(
            change.model_dump(mode="json", exclude_none=True) for change in planned(list((self._pods or {}).values()))
        )

    def draw(self) -> RenderableType:
        """The whole of it."""
        status = self._obj.get("status", {})
        elapsed = format_duration(self._elapsed(self._began))
        head = f"[bold]{self._key}[/]  {styled(status.get('phase', 'created'))}  {elapsed}"
        grid = Table.grid(padding=(0, 2, 0, 0))
        for line in self.lines:
            grid.add_row(*self._row(line))
        plan = ["  [bold]would change[/]", *(f"    {line}" for line in self.plan)] if self.plan else []
        return Group(head, grid, *plan)

    def _row(self, line: Line) -> tuple[RenderableType, ...]:
        mark, colour = _MARKS[line.state]
        shown = Text(f"  {mark}", colour) if mark else Table.grid()
        if isinstance(shown, Table):
            shown.add_row("  ", self._spinner)
        lasted = self._elapsed(self._since) if line.lasts else line.seconds
        return (
            shown,
            Text(strip_control(line.name)),
            Text(format_duration(lasted) if lasted else "under 1 s", "dim"),
            strip_control(line.detail),
        )

    def _note(self) -> None:
        """Since when the present stage lasts, by this machine's own clock: the cluster's may differ."""
        current = next((line.name for line in self.lines if line.lasts), "")
        if current != self._current:
            self._current, self._since = current, time.monotonic()

    @staticmethod
    def _elapsed(since: float) -> float:
        return time.monotonic() - since


class Follower:
    """Follows one execution to its end."""

    def __init__(self, out: Console, *, quiet: bool = False) -> None:
        self._out, self._quiet, self._drawn = out, quiet, supports_live(out)
        self._printed: set[str] = set()

    async def follow(self, cluster: Cluster, key: Key) -> dict[str, Any]:
        """The execution once it has ended; ctrl-c stops the looking, not the execution."""
        view, last = View(key), dict[str, Any]()
        unseen = asyncio.get_running_loop().call_later(_UNSEEN_SECONDS, self._nobody, key)
        pods: asyncio.Task[None] | None = None
        with self._live(view):
            try:
                async for obj in follow(cluster, key):
                    last = obj
                    if "observedGeneration" in obj.get("status", {}):
                        unseen.cancel()
                    if not self._quiet and pods is None and obj.get("status", {}).get("jobName") and not has_ended(obj):
                        pods = asyncio.create_task(self._follow_pods(cluster, obj, view, key))
                    view.see(obj)
                    self._tell(key, view, obj)
            finally:
                unseen.cancel()
                if pods:
                    pods.cancel()
        self._conclude(last, view)
        return last

    async def _follow_pods(self, cluster: Cluster, obj: Mapping[str, Any], view: View, key: Key) -> None:
        """Its pods, if this user may read them; if not, the phases must do."""
        with contextlib.suppress(KubernautError):
            async for pods in follow_own_pods(cluster, obj):
                view.see_pods(pods)
                self._tell(key, view, obj)

    def _conclude(self, last: Mapping[str, Any], view: View) -> None:
        if self._quiet:
            return
        self._out.print(summary(last))
        print_details(self._out, last)
        if last["status"]["phase"] == Phase.FAILED:
            for line in next_lines(last, has_pods=view.has_pods):
                self._out.print(f"  {line}")

    def _nobody(self, key: Key) -> None:
        waited = f"no engine has looked at {key} for {_UNSEEN_SECONDS:.0f} s"
        message = f"{waited}: does `kubernaut controller` run, and may it act here? Still waiting."
        error_console().print(message, markup=False)

    def _live(self, view: View) -> contextlib.AbstractContextManager[object]:
        if self._quiet or not self._drawn:
            return contextlib.nullcontext()
        return Live(get_renderable=view.draw, console=self._out, transient=True, refresh_per_second=10)

    def _tell(self, key: Key, view: View, obj: Mapping[str, Any]) -> None:
        """Elsewhere than on a terminal: a line for each thing that is new, and none for the end, which the summary tells."""
        if self._quiet or self._drawn or has_ended(obj):
            return
        phase = self._phase(obj.get("status", {}))
        self._print(key, phase, phase)
        for line in view.lines:
            if not line.lasts:
                self._print(key, line.name, _done(line))
        for change in view.plan:
            self._print(key, change, f"would change {change}")

    def _print(self, key: Key, what: str, line: str) -> None:
        if what not in self._printed:
            self._printed.add(what)
            self._out.print(f"{key}  {line}")

    @staticmethod
    def _phase(status: Mapping[str, Any]) -> str:
        return escape_markup(f"{standing(status)}  {status.get('message') or ''}")


def _done(line: Line) -> str:
    mark, _ = _MARKS[line.state]
    return escape_markup(
        f"{mark} {line.name} {format_duration(line.seconds) if line.seconds else 'under 1 s'}  {line.detail}".rstrip()
    )


async def follow_all(cluster: Cluster, keys: Mapping[str, Key], out: Console) -> dict[str, dict[str, Any]]:
    """Follow several executions at once under their titles, until all have ended."""
    latest: dict[str, dict[str, Any]] = {}
    began = time.monotonic()
    drawn_in_place = supports_live(out)

    async def one(title: str, key: Key) -> None:
        async for obj in follow(cluster, key):
            before = latest.get(title, {}).get("status", {}).get("phase")
            latest[title] = obj
            phase = obj.get("status", {}).get("phase", "created")
            if not drawn_in_place and phase != before:
                out.print(f"{time.monotonic() - began:6.1f} s  {title}: {phase}")

    def drawn() -> RenderableType:
        listing = table("", "EXECUTION", "PHASE", "REASON")
        for title in keys:
            status = latest.get(title, {}).get("status", {})
            phase = status.get("phase", "created")
            mark = "✓" if phase == "Succeeded" else "·" if not has_ended({"status": status}) else "✗"
            listing.add_row(mark, title, styled(phase), status.get("reason", ""))
        return listing

    live = (
        Live(get_renderable=drawn, console=out, transient=True, refresh_per_second=10)
        if drawn_in_place
        else contextlib.nullcontext()
    )
    with live:
        await asyncio.gather(*(one(title, key) for title, key in keys.items()))
    return latest
