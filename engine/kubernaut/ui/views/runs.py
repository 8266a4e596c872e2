"""A run: its steps as a graph that lights up as it goes, and as rows."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from kubernaut.api.labels import LABEL_RUNBOOK
from kubernaut.api.view import ExecutionView
from kubernaut.caller.runs import no_run, position, step_name
from kubernaut.ui.fragments import Page
from kubernaut.ui.proposals import run_of
from kubernaut.ui.run_graph import Graph, Step, graph_of
from kubernaut.ui.site import Site
from kubernaut.ui.views.executions import rows


async def run_page(site: Site, request: web.Request) -> Page:
    """Return the page of the run that the path names. Raises InputError if it has no executions."""
    namespace, run = request.match_info["namespace"], request.match_info["run"]
    steps = steps_of(site, namespace, run)
    if not steps:
        raise no_run(run, namespace)
    phases = [str(one.phase) for one in steps]
    counts = [(phase, phases.count(phase)) for phase in dict.fromkeys(phases)]
    runbook = str((steps[0].json["metadata"].get("labels") or {}).get(LABEL_RUNBOOK, ""))
    head = site.fragment("r-head", "run.html", "heading", run, namespace, runbook, steps, counts)
    graph = site.fragment("r-graph", "run.html", "graph", _graph(steps), "The steps of this run")
    operations = site.fragment("r-operations", "run.html", "operations", run, namespace, steps, digests(steps))
    return Page(run, "run.html", {"run": run}, {"head": [head, graph, operations], "rows": rows(site, steps)})


def steps_of(site: Site, namespace: str, run: str) -> list[ExecutionView]:
    """Return the executions of a run, in the order in which they were created."""
    found = [one for one in site.store if one.namespace == namespace and run_of(one) == run]
    return sorted(found, key=lambda one: (position(one), one.name))


def digests(steps: Sequence[ExecutionView]) -> str:
    """Return what tells the plans of a proposed run from any others."""
    return " ".join(f"{one.name}={one.status.plan_digest or ''}" for one in steps)


def _graph(steps: Sequence[ExecutionView]) -> Graph:
    names = {one.name: step_name(one) for one in steps}
    return graph_of(
        [
            Step(
                name=names[one.name],
                action=one.action,
                phase=str(one.phase),
                link=f"/executions/{one.namespace}/{one.name}",
                after=tuple((names.get(edge.execution, edge.execution), str(edge.when)) for edge in one.spec.after),
            )
            for one in steps
        ]
    )
