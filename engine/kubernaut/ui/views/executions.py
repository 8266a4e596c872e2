"""All executions, the newest first, as rows that change while they run; and the open proposals."""

from __future__ import annotations

from collections.abc import Iterable

from aiohttp import web

from kubernaut.api.execution import Phase
from kubernaut.api.view import ExecutionView
from kubernaut.caller.changes import value_text
from kubernaut.telemetry.audit import audit_record
from kubernaut.ui.fragments import Fragment, Page
from kubernaut.ui.proposals import Proposal, open_proposals
from kubernaut.ui.site import Site

_MAX_VALUE = 40
_SPARE_ROWS = 1000
"""How many rows of executions that are gone may be kept: a page that is open for days sees many come and go."""
_FILTERS = ("namespace", "action", "phase", "person")


async def executions_page(site: Site, request: web.Request) -> Page:
    """Return the list, filtered by the query's `namespace`, `action`, `phase`, `person` and `text`."""
    query = {name: request.query.get(name, "") for name in (*_FILTERS, "text")}
    found = site.store.newest_first(lambda one: _matches(one, query))
    empty = [] if found else [site.fragment("none", "executions.html", "nothing", any(query.values()))]
    known = {
        name: sorted({_field(one, name) for one in site.store} - {""}) for name in ("namespace", "action", "person")
    }
    numbers = (len(found), len(site.store), site.store.unreadable)
    count = site.fragment("count", "executions.html", "count", *numbers)
    return Page(
        "Executions",
        "executions.html",
        {"query": query, "known": {**known, "phase": [str(phase) for phase in Phase]}},
        {"rows": rows(site, found), "empty": empty, "counts": [count]},
    )


async def proposals_page(site: Site, _: web.Request) -> Page:
    """Return the dry runs whose plan can be approved and was not yet, each with what it would change."""
    found = open_proposals(site.store)
    cards = [_card(site, proposal) for proposal in found]
    empty = [] if found else [site.fragment("none", "proposals.html", "nothing")]
    return Page("Proposals", "proposals.html", {}, {"cards": cards, "empty": empty})


def rows(site: Site, executions: Iterable[ExecutionView]) -> list[Fragment]:
    """Return a row for each execution; those of objects that have not changed are not rendered again."""
    return [_row(site, one) for one in executions]


def _card(site: Site, proposal: Proposal) -> Fragment:
    first = proposal.steps[0]
    id_ = f"p-{proposal.namespace}.{proposal.run}" if proposal.run else f"p-{first.uid}"  # no namespace has a dot
    steps = [(audit_record(one), one) for one in proposal.steps]
    return site.fragment(id_, "proposals.html", "card", proposal, first, steps)


def _row(site: Site, execution: ExecutionView) -> Fragment:
    version = str(execution.json["metadata"].get("resourceVersion", ""))
    known = site.rows.get(execution.uid)
    if known and known[0] == version:
        return known[1]
    made = site.fragment(
        f"e-{execution.uid}", "executions.html", "row", execution, audit_record(execution), brief(execution)
    )
    if len(site.rows) > 2 * len(site.store) + _SPARE_ROWS:
        site.rows.clear()
    site.rows[execution.uid] = version, made
    return made


def brief(execution: ExecutionView) -> str:
    """Return what it changed in a few words, or what it says."""
    result = execution.status.result
    if not result or not result.changes or execution.phase is not Phase.SUCCEEDED:
        return execution.status.message or ""
    first, others = result.changes[0], len(result.changes) - 1
    values = f"{value_text(first.before, _MAX_VALUE)} → {value_text(first.after, _MAX_VALUE)}"
    more = f", and {others} more" if others else ""
    return f"{'would change ' if execution.is_dry_run else ''}{first.field}: {values}{more}"


def _matches(execution: ExecutionView, query: dict[str, str]) -> bool:
    if not all(not query[name] or _field(execution, name) == query[name] for name in _FILTERS):
        return False
    text = query["text"].lower()
    return not text or any(
        text in part.lower() for part in (execution.name, execution.status.target or "", brief(execution))
    )


def _field(execution: ExecutionView, name: str) -> str:
    match name:
        case "namespace":
            return execution.namespace
        case "action":
            return execution.action
        case "phase":
            return str(execution.phase)
        case _:
            return str((execution.json.get("status") or {}).get("requestedBy") or execution.requested_by)
