"""A whole run on one screen, or as one JSON document."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from kubernaut.api.labels import ANNOTATION_RUN_STEP, LABEL_RUNBOOK
from kubernaut.api.view import ExecutionView
from kubernaut.caller.durations import age
from kubernaut.caller.runs import annotation, read_run, step_name
from kubernaut.cli.console import Format, escape_markup, listing_console, print_json, print_trimmed
from kubernaut.cli.place import Place
from kubernaut.cli.views.runs import run_summary, run_table
from kubernaut.kube.objects import without_managed_fields


def describe_run(place: Place, run: str, output: Format) -> None:
    """Print a line per step with its phase, reason and changes; the messages of those that did not succeed; and what to do next."""
    executions = asyncio.run(_read(place, run))
    if output is Format.JSON:
        steps = [
            {"step": annotation(one, ANNOTATION_RUN_STEP), "execution": without_managed_fields(dict(one.json))}
            for one in executions
        ]
        print_json({"run": run, "runbook": _runbook(executions), "steps": steps})
    else:
        _print(run, executions)


async def _read(place: Place, run: str) -> list[ExecutionView]:
    async with await place.connect() as cluster:
        return await read_run(cluster, place.namespace_on(cluster), run)


def _print(run: str, executions: Sequence[ExecutionView]) -> None:
    out, now, first = listing_console(), datetime.now(UTC), executions[0]
    out.print(run_summary(run, executions), soft_wrap=True)
    facts = {
        "runbook": _runbook(executions),
        "namespace": first.namespace,
        "requested by": first.requested_by or "unknown",
        "created": f"{age(first.json['metadata']['creationTimestamp'], now)} ago",
    }
    for name, value in facts.items():
        out.print(f"  {name:<13} {escape_markup(value)}", soft_wrap=True)
    out.print()
    print_trimmed(out, run_table(executions, now))
    messages = [one for one in executions if one.status.message and str(one.phase) != "Succeeded"]
    if messages:
        out.print()
    for one in messages:
        out.print(f"  {escape_markup(f'{step_name(one)}: {one.status.message}')}", soft_wrap=True)
    out.print()
    for line in _next_lines(run, executions):
        out.print(f"next: {escape_markup(line)}", soft_wrap=True)


def _next_lines(run: str, executions: Sequence[ExecutionView]) -> list[str]:
    where = f"-n {executions[0].namespace}"
    lines = [f"kubernaut describe {one.name} {where}" for one in executions if str(one.phase) == "Failed"][:3]
    if not all(one.has_ended for one in executions):
        lines += [f"kubernaut get --run {run} {where} -w", f"kubernaut cancel --run {run} {where}"]
    elif all(one.is_open_proposal for one in executions):
        lines.append(f"kubernaut approve --run {run} {where}")
    return lines


def _runbook(executions: Sequence[ExecutionView]) -> str:
    return str((executions[0].json["metadata"].get("labels") or {}).get(LABEL_RUNBOOK, ""))
