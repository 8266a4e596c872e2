"""Follows several executions at once and shows them in one table: redrawn in place on a terminal, as plain lines elsewhere."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from contextlib import nullcontext

from rich.console import Console, RenderableType
from rich.live import Live

from kubernaut.api.execution import Phase
from kubernaut.api.view import ExecutionView
from kubernaut.caller.executions import read_execution
from kubernaut.cli.console import styled_phase, supports_live, table
from kubernaut.kube.client import Cluster
from kubernaut.kube.follow import follow
from kubernaut.kube.objects import Key


async def follow_all(cluster: Cluster, keys: Mapping[str, Key], out: Console) -> dict[str, ExecutionView]:
    """Return these executions by title once all have ended; show their phases until then."""
    latest: dict[str, ExecutionView] = {}
    started = time.monotonic()
    redraws = supports_live(out)

    async def follow_one(title: str, key: Key) -> None:
        async for obj in follow(cluster, key):
            before, execution = latest.get(title), read_execution(obj)
            latest[title] = execution
            if not redraws and (before is None or before.phase != execution.phase):
                out.print(f"{time.monotonic() - started:6.1f} s  {title}: {execution.phase}")

    live = Live(get_renderable=lambda: phases_table(keys, latest), console=out, transient=True, refresh_per_second=10)
    with live if redraws else nullcontext():
        await asyncio.gather(*(follow_one(title, key) for title, key in keys.items()))
    return latest


def phases_table(titles: Mapping[str, Key], latest: Mapping[str, ExecutionView]) -> RenderableType:
    """Return a row per title with the phase and reason of its execution, as far as they are known."""
    listing = table("", "EXECUTION", "PHASE", "REASON")
    for title in titles:
        execution = latest.get(title)
        if execution is None:
            listing.add_row("·", title, styled_phase("created"), "")
        else:
            mark = "✓" if execution.phase is Phase.SUCCEEDED else "✗" if execution.has_ended else "·"
            listing.add_row(mark, title, styled_phase(execution.phase), execution.status.reason or "")
    return listing
