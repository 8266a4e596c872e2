"""One execution whole: what was asked and by whom, what changed, where the time went, why it ended, and what to do next."""

from __future__ import annotations

from aiohttp import web

from kubernaut.api.timestamps import now
from kubernaut.api.view import ExecutionView
from kubernaut.caller.details import ExecutionDetails, read_details
from kubernaut.caller.executions import get_execution
from kubernaut.caller.next_steps import next_steps
from kubernaut.caller.pod_logs import LogLine, PodLogs
from kubernaut.errors import KubernautError
from kubernaut.kube.objects import Key
from kubernaut.telemetry.audit import audit_record
from kubernaut.ui.fragments import Fragment, Page
from kubernaut.ui.proposals import run_of
from kubernaut.ui.site import Site
from kubernaut.ui.timeline import timeline

_RUNNING_REFRESH_SECONDS = 1.5
_MAX_LOG_LINES = 2000


async def execution_page(site: Site, request: web.Request) -> Page:
    """Return the page of the execution that the path names. Raises InputError if there is none."""
    key = Key(request.match_info["namespace"], request.match_info["name"])
    execution = site.store.get(key) or await get_execution(site.cluster, key)
    details = await read_details(site.cluster, execution)
    sections = _sections(site, details)
    refresh = None if execution.has_ended else _RUNNING_REFRESH_SECONDS
    return Page(execution.name, "execution.html", {"execution": execution}, {"sections": sections}, refresh)


def _sections(site: Site, details: ExecutionDetails) -> list[Fragment]:
    execution = details.execution
    record, run, steps = audit_record(execution), run_of(execution), next_steps(execution, has_pods=bool(details.pods))

    def section(name: str, *values: object) -> Fragment:
        return site.fragment(f"s-{name}", "execution.html", name, execution, *values)

    wanted = [
        section("heading", record),
        section("operations", record),
        section("changes"),
        section("facts", record, run),
        section("steps", steps) if steps else None,
        section("times", timeline(execution, now())),
        section("attempts", details.attempts) if details.attempts else None,
        section("conditions") if execution.status.conditions else None,
        section("events", details.events, details.unread) if details.events or details.unread else None,
        section("logs"),
    ]
    return [one for one in wanted if one]


async def logs(site: Site, request: web.Request) -> str:
    """Return the last lines that its pods have written, as HTML, or why they cannot be read."""
    key = Key(request.match_info["namespace"], request.match_info["name"])
    lines: list[LogLine] = []
    problem = ""
    try:
        execution: ExecutionView = await get_execution(site.cluster, key)
        async for line in PodLogs(site.cluster, execution).read():
            lines.append(line)
            if len(lines) > 2 * _MAX_LOG_LINES:
                del lines[:_MAX_LOG_LINES]
    except KubernautError as error:
        problem = str(error)
    cut = len(lines) > _MAX_LOG_LINES
    return str(site.macro("execution.html", "log_lines")(lines[-_MAX_LOG_LINES:], cut, problem))
