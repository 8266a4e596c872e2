"""Shows an approver what a proposal would change, and asks."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime

import typer

from kubernaut.api.view import ExecutionView
from kubernaut.caller.commands import as_pairs
from kubernaut.caller.durations import age
from kubernaut.cli.console import error_console, escape_markup
from kubernaut.cli.views.diff import change_lines
from kubernaut.errors import InputError
from kubernaut.printable import replace_unseen

_SCREEN = 20
"""Of more lines than these the first ones may have left the screen when the question is asked."""


def show_proposal(proposal: ExecutionView) -> None:
    """Print on standard error who proposed what, and what it would change."""
    out, spec = error_console(), proposal.spec
    proposer = proposal.status.requested_by or proposal.requested_by or "somebody unknown"
    if proposal.agent:
        proposer += f" (agent {json.dumps(proposal.agent, ensure_ascii=False)})"
    asked = " ".join([spec.action, *([f"undoing {spec.undoes}"] if spec.undoes else as_pairs(spec.parameters))])
    asked = replace_unseen(asked.replace("\n", "⏎"))
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
