"""`kubernaut describe`: everything about one execution, or a run on one screen, and the commands to run next."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from kubernaut.caller.details import ExecutionDetails, read_details
from kubernaut.caller.executions import get_execution
from kubernaut.caller.next_steps import next_steps
from kubernaut.cli.console import Format, Output, listing_console, print_json, print_trimmed
from kubernaut.cli.options import Context, Kubeconfig, Namespace, OneExecution, RunName, require_one
from kubernaut.cli.place import Place
from kubernaut.cli.run_description import describe_run
from kubernaut.cli.views.description import description
from kubernaut.cli.views.summary import next_lines
from kubernaut.kube.objects import without_managed_fields


def describe(
    name: OneExecution = "",
    namespace: Namespace = "",
    run: RunName = "",
    kubeconfig: Kubeconfig = None,
    context: Context = "",
    output: Output = Format.TABLE,
) -> None:
    """Show everything about one execution, or a run on one screen: who requested it, its state and why, its changes; what to do next."""
    require_one(name, run)
    if run:
        describe_run(Place(kubeconfig, context, namespace), run, output)
        return
    details = asyncio.run(_read(Place(kubeconfig, context, namespace), name))
    if output is Format.JSON:
        print_json(_document(details))
    else:
        _print(details)


async def _read(place: Place, name: str) -> ExecutionDetails:
    async with await place.connect() as cluster:
        return await read_details(cluster, await get_execution(cluster, place.key(cluster, name)))


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
