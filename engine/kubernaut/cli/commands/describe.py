"""`kubernaut describe`: everything about one execution, and what to type next."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kubernaut.cli.console import Format, Output, listing_console, print_json
from kubernaut.cli.executions import get_execution
from kubernaut.cli.options import ExecutionName, Kubeconfig, Namespace
from kubernaut.cli.views.description import print_description
from kubernaut.cli.views.details import ExecutionDetails, gather
from kubernaut.cli.views.next_steps import next_steps
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import Key, without_managed_fields


def describe(
    name: ExecutionName,
    namespace: Namespace = "default",
    kubeconfig: Kubeconfig = None,
    output: Output = Format.TABLE,
) -> None:
    """Tell everything about one execution: who asked, how it stands and why, what changed, its events; and what to type next."""
    details = asyncio.run(_details(kubeconfig, Key(namespace, name)))
    if output is Format.JSON:
        print_json(_document(details))
    else:
        print_description(listing_console(), details, datetime.now(UTC))


async def _details(kubeconfig: Path | None, key: Key) -> ExecutionDetails:
    async with await Cluster.connect(kubeconfig) as cluster:
        return await gather(cluster, await get_execution(cluster, key))


def _document(details: ExecutionDetails) -> dict[str, Any]:
    return {
        "execution": without_managed_fields(details.obj),
        "attempts": [
            {"pod": attempt.pod, "phase": attempt.phase, "node": attempt.node} for attempt in details.attempts
        ],
        "events": [asdict(event) for event in details.events],
        "notRead": list(details.unread),
        "next": [asdict(step) for step in next_steps(details.obj, has_pods=bool(details.pods))],
    }
