"""Shows executions as they go, and what they came to."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner

from kubernaut.cli.offline_commands import as_pairs
from kubernaut.cli.output import plain, styled, table
from kubernaut.cluster import Cluster
from kubernaut.following import follow, has_ended
from kubernaut.informer import Key

_UNSEEN_SECONDS = 10.0


class Follower:
    """Follows one execution, with a spinner on a terminal and a line per change elsewhere."""

    def __init__(self, out: Console, *, quiet: bool = False) -> None:
        self._out, self._quiet = out, quiet
        self._began = time.monotonic()
        self._line = "created"

    async def follow(self, cluster: Cluster, key: Key) -> dict[str, Any]:
        """The execution once it has ended; ctrl-c stops the looking, not the execution."""
        last: dict[str, Any] = {}
        unseen = asyncio.get_running_loop().call_later(_UNSEEN_SECONDS, self._nobody, key)
        with self._live():
            try:
                async for obj in follow(cluster, key):
                    last = obj
                    if "observedGeneration" in obj.get("status", {}):
                        unseen.cancel()
                    self._tell(key, obj.get("status", {}))
            finally:
                unseen.cancel()
        if not self._quiet:
            self._out.print(summary(last))
            print_details(self._out, last)
        return last

    def _nobody(self, key: Key) -> None:
        waited = f"no engine has looked at {key} for {_UNSEEN_SECONDS:.0f} s"
        message = f"{waited}: does `kubernaut controller` run, and may it act here? Still waiting."
        Console(stderr=True, highlight=False, soft_wrap=True).print(message, markup=False)

    def _live(self) -> contextlib.AbstractContextManager[object]:
        if self._quiet or not self._out.is_terminal:
            return contextlib.nullcontext()
        return Live(get_renderable=self._spinner, console=self._out, transient=True, refresh_per_second=10)

    def _spinner(self) -> Spinner:
        return Spinner("dots", f"{self._line}  {time.monotonic() - self._began:.1f} s")

    def _tell(self, key: Key, status: Mapping[str, Any]) -> None:
        phase = status.get("phase", "created")
        line = (
            f"{key}  {phase}"
            + (f" ({status['reason']})" if status.get("reason") else "")
            + f"  {plain(status.get('message') or '')}"
        )
        if line != self._line and not self._quiet and not self._out.is_terminal and not has_ended({"status": status}):
            self._out.print(line)
        self._line = line


def summary(obj: Mapping[str, Any]) -> str:
    """The end in one line; where changes follow below it, they say the rest."""
    status = obj["status"]
    listed = (status.get("message") or "").startswith(("Changed ", "The dry run passed; it would change "))
    if status["phase"] == "Succeeded" and listed:
        return styled(status["phase"]) + (", dry run only: nothing was changed" if obj["spec"].get("dryRun") else "")
    reason = f" ({status['reason']})" if status.get("reason") else ""
    return f"{styled(status['phase'])}{reason}  {plain(status.get('message') or '')}"


def print_details(out: Console, obj: Mapping[str, Any]) -> None:
    """Changes, the way back, and where the time went."""
    status, metadata = obj["status"], obj["metadata"]
    result = status.get("result", {})
    planned = obj["spec"].get("dryRun")
    for change in result.get("changes", []):
        field = plain(f"  {change['kind']}/{change['name']} {change['field']}")
        before, after = shown(change.get("before")), shown(change.get("after"))
        out.print(f"{field}: [red]{before}[/] → [green]{after}[/]{' (planned)' if planned else ''}")
    for key, value in result.get("outputs", {}).items():
        out.print(f"  {plain(key)}: {_told_output(value)}")
    if result.get("rollback"):
        out.print(f"  undo: kubernaut rollback {metadata['name']} -n {metadata['namespace']}")
    if status.get("logTail"):
        lines = "\n".join(f"    {plain(line)}" for line in status["logTail"].splitlines())
        out.print(f"  its log ended with:\n[dim]{lines}[/]")
    if status.get("stages"):
        out.print(f"  time: {stages_line(status['stages'])}")


def undo_line(obj: Mapping[str, Any]) -> str:
    """The command that carries out the way back of an execution, whatever has happened since."""
    rollback = obj["status"]["result"]["rollback"]
    words = " ".join(f"-p {pair}" for pair in as_pairs(rollback["parameters"]))
    return f"kubernaut execute {rollback['action']} -n {obj['metadata']['namespace']} {words}"


def _told_output(value: object) -> str:
    """A value; one of several lines stands below its name, and added and removed lines are coloured as in a diff."""
    lines = str(value).splitlines()
    if len(lines) <= 1:
        return plain(str(value))
    colours = {"+": "green", "-": "red", "@": "cyan"}
    return "".join(f"\n    [{colours.get(line[:1], 'default')}]{plain(line)}[/]" for line in lines)


def stages_line(stages: list[dict[str, Any]]) -> str:
    """`validate 4 ms · start 120 ms · …`."""
    return " · ".join(
        f"{stage['name']} {spoken(seconds(stage)) if seconds(stage) else 'under 1 s'}" for stage in stages
    )


def seconds(stage: Mapping[str, Any]) -> float:
    """How long a stage took."""
    return (datetime.fromisoformat(stage["endTime"]) - datetime.fromisoformat(stage["startTime"])).total_seconds()


def spoken(duration: float) -> str:
    """Seconds as a person reads them."""
    if duration < 0.01:
        return f"{duration * 1000:.1f} ms"
    return f"{duration * 1000:.0f} ms" if duration < 1 else f"{duration:.1f} s"


def shown(value: object) -> str:
    """A value in a table, in brief."""
    text = "absent" if value is None else str(value)
    return plain(text if len(text) <= 60 else f"{text[:60]}…")


async def progress_of(cluster: Cluster, keys: Mapping[str, Key], out: Console) -> dict[str, dict[str, Any]]:
    """Follow several executions at once under their titles, until all have ended."""
    latest: dict[str, dict[str, Any]] = {}
    began = time.monotonic()

    async def one(title: str, key: Key) -> None:
        async for obj in follow(cluster, key):
            before = latest.get(title, {}).get("status", {}).get("phase")
            latest[title] = obj
            phase = obj.get("status", {}).get("phase", "created")
            if not out.is_terminal and phase != before:
                out.print(f"{time.monotonic() - began:6.1f} s  {title}: {phase}")

    def drawn() -> Any:
        listing = table("", "EXECUTION", "PHASE", "REASON")
        for title in keys:
            status = latest.get(title, {}).get("status", {})
            phase = status.get("phase", "created")
            mark = "✓" if phase == "Succeeded" else "·" if not has_ended({"status": status}) else "✗"
            listing.add_row(mark, title, styled(phase), status.get("reason", ""))
        return listing

    live = (
        Live(get_renderable=drawn, console=out, transient=True, refresh_per_second=10)
        if out.is_terminal
        else contextlib.nullcontext()
    )
    with live:
        await asyncio.gather(*(one(title, key) for title, key in keys.items()))
    return latest
