"""Runbooks, and the form of one, which its parameters make."""

from __future__ import annotations

from aiohttp import web

from kubernaut.api.runbook import RunbookSpec
from kubernaut.caller.runs import get_runbook
from kubernaut.errors import InputError, KubernautError, NotFoundError
from kubernaut.kube.objects import RUNBOOKS, Key, Object, key_of
from kubernaut.runbooks.manifest import read_runbook
from kubernaut.ui.fragments import Page
from kubernaut.ui.run_graph import Graph, Step, graph_of
from kubernaut.ui.site import Site


async def runbooks_page(site: Site, _: web.Request) -> Page:
    """Return the runbooks of the namespaces that are shown, each with what it is for, or why it cannot be run."""
    problem, found = "", list[Object]()
    try:
        found = (await site.cluster.list_all(RUNBOOKS, site.store.namespace)).items
    except NotFoundError:
        problem = "This cluster does not have the CRD of Runbook: kubernaut crd | kubectl apply -f -"
    except KubernautError as error:
        problem = str(error)
    books = [(key_of(obj), *_summary(obj)) for obj in sorted(found, key=key_of)]
    return Page("Runbooks", "runbooks.html", {"books": books, "problem": problem})


async def runbook_page(site: Site, request: web.Request) -> Page:
    """Return the form of the runbook that the path names. Raises InputError if there is none, or it cannot be read."""
    key = Key(request.match_info["namespace"], request.match_info["name"])
    name, spec = read_runbook(await get_runbook(site.cluster, key))
    return Page(name, "runbook.html", {"key": key, "spec": spec, "graph": _graph(spec)})


def _summary(obj: Object) -> tuple[str, int, str]:
    try:
        _, spec = read_runbook(obj)
    except InputError as error:
        return "", 0, str(error)
    return spec.summary, len(spec.steps), ""


def _graph(spec: RunbookSpec) -> Graph:
    steps = []
    for step in spec.steps:
        edges = tuple((edge.step, str(edge.when)) for edge in step.after)
        if step.undoes and not edges:
            edges = ((step.undoes, "Ended"),)
        steps.append(Step(step.name, step.action, "", after=edges))
    return graph_of(steps)
