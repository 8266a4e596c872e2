"""`kubernaut describe`: everything about one execution, and the commands to run next."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kubernaut.cli.console import Format, Output, listing_console, print_json, print_trimmed
from kubernaut.cli.executions import get_execution
from kubernaut.cli.options import ExecutionName, Kubeconfig, Namespace
from kubernaut.cli.views.description import description
from kubernaut.cli.views.details import ExecutionDetails, read_details
from kubernaut.cli.views.next_steps import next_lines, next_steps
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import Key, without_managed_fields


def describe(
    name: ExecutionName,
    namespace: Namespace = "default",
    kubeconfig: Kubeconfig = None,
    output: Output = Format.TABLE,
) -> None:
    """Show everything about one execution: who requested it, its state and why, its changes and events; and the commands to run next."""
    details = asyncio.run(_read(kubeconfig, Key(namespace, name)))
    if output is Format.JSON:
        print_json(_document(details))
    else:
        _print(details)


async def _read(kubeconfig: Path | None, key: Key) -> ExecutionDetails:
    async with await Cluster.connect(kubeconfig) as cluster:
        return await read_details(cluster, await get_execution(cluster, key))


def _print(details: ExecutionDetails) -> None:
    out = listing_console()
    for part in description(details, datetime.now(UTC)):
        print_trimmed(out, part)
    lines = next_lines(details.execution, has_pods=bool(details.pods))
    if lines:
        out.print()
    for line in lines:
        out.print(line, soft_wrap=True)


def _document(details: ExecutionDetails) -> dict[str, Any]:
    return {
        "execution": without_managed_fields(dict(details.execution.json)),
        "attempts": [
            {"pod": attempt.pod, "phase": attempt.phase, "node": attempt.node} for attempt in details.attempts
        ],
        "events": [asdict(event) for event in details.events],
        "notRead": list(details.unread),
        "next": [asdict(step) for step in next_steps(details.execution, has_pods=bool(details.pods))],
    }
