"""One execution as the spans of one trace. Pure: the spans follow from the object alone, so every engine derives the same ones.

Names and attributes are OpenTelemetry's where it has them (https://opentelemetry.io/docs/specs/semconv/), and `kubernaut.*` otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from kubernaut.api.execution import Phase
from kubernaut.api.stages import Stage, StageRequest
from kubernaut.api.view import ExecutionView
from kubernaut.telemetry.stages import WAIT, trace_start
from kubernaut.telemetry.trace_context import TraceContext, trace_context

Attributes = dict[str, str | int]


@dataclass(frozen=True, slots=True)
class Span:
    """One span, with ids in hexadecimal."""

    name: str
    span_id: str
    parent_id: str
    start: datetime
    end: datetime
    attributes: Attributes
    error: str = ""
    links: tuple[TraceContext, ...] = ()
    depth: int = 0
    client: bool = False
    """Whether it is a request to another service."""
    open: bool = False
    """Whether it has not ended yet."""


@dataclass(slots=True)
class _Tree:
    """Finds each stage's parent: the latest earlier stage with the name that it is within, in the same attempt."""

    root: Span
    latest: dict[tuple[str, int | None], Span] = field(default_factory=dict)

    def parent(self, stage: Stage) -> Span:
        if stage.within is None:
            return self.root
        found = self.latest.get((stage.within, stage.attempt)) or self.latest.get((stage.within, None))
        return found or self.root

    def add(self, stage: Stage, span: Span) -> None:
        self.latest[stage.name, stage.attempt] = span


def spans_of(execution: ExecutionView, now: datetime, linked: Sequence[TraceContext] = ()) -> list[Span]:
    """Return the spans of this execution, the root first; what has not ended yet ends `now`.

    `linked` are the trace contexts of the execution that it undoes, and of the dry run whose plan it carries out.
    """
    return list(_spans(execution, now, linked))


def _spans(execution: ExecutionView, now: datetime, linked: Sequence[TraceContext]) -> Iterator[Span]:
    context, job = trace_context(execution), execution.status.job_name or ""
    root = _root(execution, context, now, linked)
    yield root
    tree = _Tree(root)
    pod = container = ""
    for number, stage in enumerate(execution.status.stages):
        parent = tree.parent(stage)
        if stage.name == "attempt":
            pod, container = stage.detail or "", ""
        container = stage.detail or "" if stage.name == "start" else container
        earlier = tree.latest.get(("attempt", (stage.attempt or 0) - 1)) if stage.name == "attempt" else None
        span = Span(
            name=_name(stage),
            span_id=context.child(number, stage.name),
            parent_id=parent.span_id,
            start=stage.start_time,
            end=stage.end_time or now,
            attributes=_attributes(stage, job, pod, container),
            error=stage.error or "",
            links=(TraceContext(context.trace_id, earlier.span_id),) if earlier else (),
            depth=parent.depth + 1,
            client=stage.name == "request",
            open=stage.end_time is None,
        )
        tree.add(stage, span)
        yield span


def _root(execution: ExecutionView, context: TraceContext, now: datetime, linked: Sequence[TraceContext]) -> Span:
    status, failed = execution.status, execution.phase is Phase.FAILED
    attributes = {
        "k8s.namespace.name": execution.namespace,
        "k8s.job.name": status.job_name,
        "kubernaut.execution.name": execution.name,
        "kubernaut.execution.uid": execution.uid,
        "kubernaut.action": execution.action,
        "kubernaut.target": status.target,
        "kubernaut.dry_run": str(execution.is_dry_run).lower(),
        "kubernaut.phase": str(execution.phase),
        "kubernaut.reason": status.reason,
        "kubernaut.message": status.message,
        "enduser.id": status.requested_by,
        "kubernaut.plan": execution.approved_plan or None,
        "kubernaut.plan.proposed_by": status.proposed_by,
        "kubernaut.attempts": status.attempts,
        "error.type": status.reason if failed else None,
    }
    return Span(
        name=f"execute {execution.action}",
        span_id=context.span_id,
        parent_id=context.parent_id,
        start=trace_start(execution),
        end=status.completion_time or now,
        attributes={key: value for key, value in attributes.items() if value is not None},
        error=str(status.message or status.reason) if failed else "",
        links=tuple(linked),
        open=status.completion_time is None,
    )


def _name(stage: Stage) -> str:
    """Return a name that spans can be grouped by, so no object's name is in it."""
    if stage.name == "attempt":
        return f"attempt {stage.attempt}"
    if stage.name in {WAIT, "hook", "policy", "start"}:
        return f"{stage.name} {stage.detail}"
    return f"{stage.request.verb} {stage.request.resource}" if stage.request else stage.name


_DETAILS = {
    "wait": "kubernaut.wait.reason",
    "policy": "kubernaut.policy",
    "rights": "kubernaut.service_account",
    "attempt": "k8s.pod.name",
    "schedule": "k8s.node.name",
    "start": "k8s.container.name",
}
"""The attribute that holds a stage's detail."""
_OF_THE_JOB = {"create-job", "adopt", "attempt"}
_OF_THE_POD = {"schedule", "pull-image", "start", "dry-run", "execute"}


def _attributes(stage: Stage, job: str, pod: str, container: str) -> Attributes:
    detail, attributes = stage.detail or "", {"kubernaut.stage": stage.name}
    if stage.name in _DETAILS:
        attributes[_DETAILS[stage.name]] = detail
    if stage.name in _OF_THE_JOB:
        attributes["k8s.job.name"] = job
    if stage.name in _OF_THE_POD:
        attributes["k8s.pod.name"] = pod
    if stage.name in {"dry-run", "execute"}:
        attributes["k8s.container.name"] = container or stage.name
    if stage.name == "hook":
        attributes["kubernaut.plugin"], _, attributes["kubernaut.hook"] = detail.rpartition(".")
    more = _request_attributes(stage.request) if stage.request else {}
    return {key: value for key, value in {**attributes, **more}.items() if value != ""}


def _request_attributes(request: StageRequest) -> Attributes:
    attributes: Attributes = {
        "http.request.method": request.verb,
        "kubernaut.resource": request.resource,
        "kubernaut.object": request.name or "",
    }
    if request.code:
        attributes["http.response.status_code"] = request.code
    if request.count > 1:
        attributes["kubernaut.times"] = request.count
    return attributes
