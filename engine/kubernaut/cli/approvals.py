"""What an approval needs to know of a proposal: what it planned, shown to the approver, and the spec that carries out just that."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Any

import typer

from kubernaut.api.execution import Phase
from kubernaut.api.view import ExecutionView
from kubernaut.cli.console import error_console, escape_markup
from kubernaut.cli.durations import age
from kubernaut.cli.parameters import as_pairs
from kubernaut.cli.views.diff import change_lines
from kubernaut.errors import InputError

_SCREEN = 20
"""Of more lines than these the first ones may have left the screen when the question is asked."""


def approving_spec(proposal: ExecutionView) -> dict[str, Any]:
    """Return the spec of the execution that carries out this plan. Raises InputError if there is none to carry out, saying why."""
    name, status, remedy = proposal.name, proposal.status, f"-n {proposal.namespace}"
    if not proposal.is_dry_run:
        raise InputError(f"{name} is not a dry run: only what was rehearsed can be approved (kubernaut propose)")
    if not proposal.has_ended:
        raise InputError(f"{name} is {proposal.phase}: wait for its end with kubernaut get -w {name} {remedy}")
    if proposal.phase is not Phase.SUCCEEDED:
        raise InputError(f"{name} planned nothing, it ended as {status.reason or status.phase}: {status.message or ''}")
    if not status.plan_digest:
        raise InputError(
            f"{name} cannot be approved: its changes are not recorded as a whole, so nobody can see all that it would do"
        )
    if status.approval:
        raise InputError(f"{name} was approved already: kubernaut describe {status.approval.execution} {remedy}")
    spec = proposal.spec
    return {
        "action": spec.action,
        **({"undoes": spec.undoes} if spec.undoes else {"parameters": spec.parameters}),
        "approvedPlan": {"execution": name, "digest": status.plan_digest},
        **({"deadlineSeconds": spec.deadline_seconds} if spec.deadline_seconds else {}),
    }


def show_proposal(proposal: ExecutionView) -> None:
    """Print on standard error who proposed what, and what it would change."""
    out, spec = error_console(), proposal.spec
    proposer = proposal.status.requested_by or proposal.requested_by or "somebody unknown"
    asked = " ".join([spec.action, *([f"undoing {spec.undoes}"] if spec.undoes else as_pairs(spec.parameters))])
    asked = asked.replace("\n", "⏎")
    if spec.deadline_seconds:
        asked += f", within {spec.deadline_seconds} s"
    since = age(proposal.json["metadata"]["creationTimestamp"], datetime.now(UTC))
    heading = f"[bold]{escape_markup(asked)}[/], proposed by {escape_markup(proposer)} {since} ago, would change:"
    out.print(heading, soft_wrap=True)
    changes = proposal.status.result.changes if proposal.status.result else ()
    lines = change_lines(changes, whole=True) or [escape_markup(proposal.status.message or "nothing")]
    for line in lines:
        out.print(f"  {line}", soft_wrap=True)
    if len(lines) > _SCREEN:
        fields = "; ".join(f"{change.kind}/{change.name} {change.field}" for change in changes)
        out.print(f"  in all {len(changes)} changes, of {escape_markup(fields)}", soft_wrap=True)


def ask_for_approval() -> None:
    """Ask whether to go on. Raises InputError for a no, and where there is nobody to ask."""
    if not sys.stdin.isatty():
        raise InputError("there is no terminal to ask in: pass --yes to approve what is shown. Nothing was changed")
    if not typer.confirm("Approve it?", default=False, err=True):
        raise InputError("not approved. Nothing was changed")
