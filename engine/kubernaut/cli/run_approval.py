"""Shows what a proposed run would change, asks, and carries it out."""

from __future__ import annotations

from kubernaut.api.view import ExecutionView
from kubernaut.caller.run_approval import approved_run, why_not_created
from kubernaut.caller.runs import read_run
from kubernaut.cli.approvals import ask_for_approval, show_proposal
from kubernaut.cli.commands.run import start_run, step_line
from kubernaut.cli.console import error_console, escape_markup
from kubernaut.cli.place import Place
from kubernaut.errors import ExistsError
from kubernaut.printable import replace_unseen


async def approve_run(place: Place, run: str, *, yes: bool, wait: bool, quiet: bool) -> list[ExecutionView]:
    """Show what a proposed run would change, ask, and create the run that carries it out; return its executions.

    Raises InputError if the run cannot be approved, saying why.
    """
    async with await place.connect() as cluster:
        namespace = place.namespace_on(cluster)
        proposals = await read_run(cluster, namespace, run)
        approved = await approved_run(cluster, namespace, run, proposals)
        for proposal in proposals:
            show_proposal(proposal)
        error_console().print("in this order:")
        for step in approved.run.steps:
            unseen = "  (not rehearsed)" if step.undoes else ""
            line = escape_markup(replace_unseen(step_line(approved.run, step.step).replace("\n", "⏎")))
            error_console().print(f"  {line}{unseen}", soft_wrap=True)
        if not yes:
            ask_for_approval()
        try:
            return await start_run(cluster, approved, wait=wait, quiet=quiet)
        except ExistsError as error:
            raise await why_not_created(cluster, run, approved, error) from error
