"""What the forms of the page ask for, carried out as the user who started it; the API server decides what that user may do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web
from multidict import MultiDictProxy

from kubernaut.api.runbook import RunbookSpec
from kubernaut.caller.approvals import approve
from kubernaut.caller.cancellation import cancel_execution, cancel_run
from kubernaut.caller.executions import get_execution
from kubernaut.caller.planned_runs import create_planned_run, plan_run
from kubernaut.caller.rollbacks import rehearse_rollback, roll_back
from kubernaut.caller.run_approval import approved_run, why_not_created
from kubernaut.caller.runs import get_runbook, read_run
from kubernaut.errors import ExistsError, InputError, KubernautError
from kubernaut.kube.objects import Key
from kubernaut.runbooks.arguments import parse_argument
from kubernaut.runbooks.manifest import read_runbook
from kubernaut.ui.site import Site
from kubernaut.ui.views.runs import digests

Form = MultiDictProxy[Any]
Operation = Callable[[Site, web.Request, Form], Awaitable[web.Response]]


async def carry_out(site: Site, request: web.Request, operation: Operation) -> web.Response:
    """Carry out an operation; an expected error becomes a notice on the page that asked for it."""
    try:
        return await operation(site, request, await request.post())
    except KubernautError as error:
        notice = site.macro("common.html", "notice")(str(error))
        if "HX-Request" in request.headers:
            headers = {"HX-Retarget": "#notice", "HX-Reswap": "innerHTML"}
            return web.Response(status=422, text=str(notice), content_type="text/html", headers=headers)
        html = site.problem("Not done", str(error), site.path_of(request))
        return web.Response(status=422, text=html, content_type="text/html")


async def approve_execution(site: Site, request: web.Request, form: Form) -> web.Response:
    """Approve the plan that the page showed."""
    proposal = await get_execution(site.cluster, _key(request))
    asked = (proposal.status.plan_digest, str(proposal.spec.deadline_seconds or ""))  # the deadline can be changed
    if (form.get("digest"), form.get("deadline")) != asked:
        raise InputError(f"{proposal.name} is not what this page showed: look at it again. Nothing was changed")
    made = await approve(site.cluster, proposal)
    return _go(site, request, f"/executions/{made.namespace}/{made.name}")


async def cancel_one(site: Site, request: web.Request, _: Form) -> web.Response:
    """Cancel an execution, or reject a proposal."""
    made = await cancel_execution(site.cluster, _key(request))
    return _go(site, request, f"/executions/{made.namespace}/{made.name}")


async def preview_rollback(site: Site, request: web.Request, _: Form) -> web.Response:
    """Show what an undo would change now, and a button that does it."""
    original = await get_execution(site.cluster, _key(request))
    changes = await rehearse_rollback(site.cluster, original)
    shown = site.macro("execution.html", "undo_preview")(original, changes)
    return web.Response(text=str(shown), content_type="text/html")


async def undo(site: Site, request: web.Request, form: Form) -> web.Response:
    """Undo the execution whose undo was shown, and none of the same name."""
    original = await get_execution(site.cluster, _key(request))
    if form.get("uid") != original.uid:
        raise InputError(f"{original.name} is not the one that this page showed: look at it again. Nothing was changed")
    made = await roll_back(site.cluster, original)
    return _go(site, request, f"/executions/{made.namespace}/{made.name}")


async def start_run(site: Site, request: web.Request, form: Form) -> web.Response:
    """Run a runbook with the parameters of its form, or propose the run."""
    key = _key(request)
    runbook = await get_runbook(site.cluster, key)
    _, spec = read_runbook(runbook)
    planned = plan_run(runbook, _arguments(spec, form), propose=form.get("mode") != "run")
    await create_planned_run(site.cluster, planned)
    return _go(site, request, f"/runs/{key.namespace}/{planned.run.name}")


async def approve_whole_run(site: Site, request: web.Request, form: Form) -> web.Response:
    """Approve all plans of a proposed run, as the page showed them."""
    namespace, run = request.match_info["namespace"], request.match_info["run"]
    proposals = await read_run(site.cluster, namespace, run)
    if form.get("digests") != digests(proposals):
        raise InputError(f"run {run} is not what this page showed: look at it again. Nothing was changed")
    planned = await approved_run(site.cluster, namespace, run, proposals)
    try:
        await create_planned_run(site.cluster, planned)
    except ExistsError as error:
        raise await why_not_created(site.cluster, run, planned, error) from error
    return _go(site, request, f"/runs/{namespace}/{planned.run.name}")


async def cancel_whole_run(site: Site, request: web.Request, _: Form) -> web.Response:
    """Cancel what has not ended of a run, or reject its proposals."""
    namespace, run = request.match_info["namespace"], request.match_info["run"]
    await cancel_run(site.cluster, namespace, run)
    return _go(site, request, f"/runs/{namespace}/{run}")


OPERATIONS: Mapping[str, Operation] = {
    "/executions/{namespace}/{name}/approve": approve_execution,
    "/executions/{namespace}/{name}/cancel": cancel_one,
    "/executions/{namespace}/{name}/preview-rollback": preview_rollback,
    "/executions/{namespace}/{name}/rollback": undo,
    "/runbooks/{namespace}/{name}/start": start_run,
    "/runs/{namespace}/{run}/approve": approve_whole_run,
    "/runs/{namespace}/{run}/cancel": cancel_whole_run,
}


def _arguments(spec: RunbookSpec, form: Form) -> dict[str, Any]:
    """Return the parameters of the form with their types. A field that is left empty is not given, unless the parameter may be empty."""
    given = {name.removeprefix("p."): value for name, value in form.items() if name.startswith("p.")}
    return {
        name: parse_argument(spec.parameters, name, str(text))
        for name, text in given.items()
        if text != "" or (name in spec.parameters and spec.parameters[name].default == "")
    }


def _key(request: web.Request) -> Key:
    return Key(request.match_info["namespace"], request.match_info["name"])


def _go(site: Site, request: web.Request, path: str) -> web.Response:
    """Return the answer that leads the browser to another page."""
    if "HX-Request" in request.headers:
        return web.Response(headers={"HX-Redirect": f"{site.root}{path}"})
    raise web.HTTPSeeOther(f"{site.root}{path}")
