"""One execution as the spans of one trace. Pure: what the object records, and nothing else, so that any engine tells the same.

Names and attributes are OpenTelemetry's where it has them (https://opentelemetry.io/docs/specs/semconv/), and `kubernaut.*` otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kubernaut.api.execution import Phase, Stage
from kubernaut.telemetry.stages import WAIT, began_at, recorded
from kubernaut.telemetry.trace_context import TraceContext, trace_context

Attributes = dict[str, str | int]

_REQUEST = re.compile(r"(?P<verb>[A-Z]+) (?P<kind>\S+)(?: (?P<name>\S+))?? (?P<code>\d+)(?: \((?P<times>\d+) times\))?")


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
    """Is it a request to somebody else?"""
    open: bool = False
    """Does it still last?"""


@dataclass(slots=True)
class _Tree:
    """Finds the parent of each stage: the last one before it of the name that it is within, in the same attempt."""

    root: Span
    latest: dict[tuple[str, int | None], Span] = field(default_factory=dict)

    def parent(self, stage: Stage) -> Span:
        if stage.within is None:
            return self.root
        found = self.latest.get((stage.within, stage.attempt)) or self.latest.get((stage.within, None))
        return found or self.root

    def add(self, stage: Stage, span: Span) -> None:
        self.latest[stage.name, stage.attempt] = span


def spans_of(obj: Mapping[str, Any], now: datetime, undone: TraceContext | None = None) -> list[Span]:
    """The spans of this KubernetesExecution, the whole first; what still lasts ends `now`.

    `undone` is the trace context of the execution that this one rolls back.
    """
    return list(_spans(obj, now, undone))


def _spans(obj: Mapping[str, Any], now: datetime, undone: TraceContext | None) -> Iterator[Span]:
    context, stages, job = trace_context(obj), recorded(obj), str(obj.get("status", {}).get("jobName") or "")
    root = _whole(obj, context, now, undone)
    yield root
    tree = _Tree(root)
    pod = ""
    for number, stage in enumerate(stages):
        parent = tree.parent(stage)
        pod = stage.detail or "" if stage.name == "attempt" else pod
        earlier = tree.latest.get(("attempt", (stage.attempt or 0) - 1)) if stage.name == "attempt" else None
        span = Span(
            name=_name(stage),
            span_id=context.child(number, stage.name),
            parent_id=parent.span_id,
            start=stage.start_time,
            end=stage.end_time or now,
            attributes=_attributes(stage, job, pod),
            error=stage.error or "",
            links=(TraceContext(context.trace_id, earlier.span_id),) if earlier else (),
            depth=parent.depth + 1,
            client=stage.name == "request",
            open=stage.end_time is None,
        )
        tree.add(stage, span)
        yield span


def _whole(obj: Mapping[str, Any], context: TraceContext, now: datetime, undone: TraceContext | None) -> Span:
    metadata, spec, status = obj["metadata"], obj["spec"], obj.get("status", {})
    completed = status.get("completionTime")
    told = {
        "k8s.namespace.name": metadata["namespace"],
        "k8s.job.name": status.get("jobName"),
        "kubernaut.execution.name": metadata["name"],
        "kubernaut.execution.uid": metadata["uid"],
        "kubernaut.action": spec["action"],
        "kubernaut.target": status.get("target"),
        "kubernaut.dry_run": str(bool(spec.get("dryRun"))).lower(),
        "kubernaut.phase": status.get("phase"),
        "kubernaut.reason": status.get("reason"),
        "kubernaut.message": status.get("message"),
        "enduser.id": status.get("requestedBy"),
        "kubernaut.attempts": status.get("attempts"),
    }
    failed = status.get("phase") == Phase.FAILED
    if failed:
        told["error.type"] = status.get("reason")
    return Span(
        name=f"execute {spec['action']}",
        span_id=context.span_id,
        parent_id=context.parent_id,
        start=began_at(obj),
        end=datetime.fromisoformat(completed) if completed else now,
        attributes={key: value for key, value in told.items() if value is not None},
        error=str(status.get("message") or status.get("reason")) if failed else "",
        links=(undone,) if undone else (),
        open=not completed,
    )


def _name(stage: Stage) -> str:
    """Few enough to be told apart at a glance, and to be grouped by: no object's name in it."""
    if stage.name == "attempt":
        return f"attempt {stage.attempt}"
    if stage.name in {WAIT, "hook", "policy", "start"}:
        return f"{stage.name} {stage.detail}"
    request = _request(stage)
    return f"{request['verb']} {request['kind']}" if request else stage.name


def _request(stage: Stage) -> dict[str, str]:
    found = _REQUEST.fullmatch(stage.detail or "") if stage.name == "request" else None
    return {key: value for key, value in found.groupdict().items() if value} if found else {}


_DETAILS = {
    "wait": "kubernaut.wait.reason",
    "policy": "kubernaut.policy",
    "rights": "kubernaut.service_account",
    "attempt": "k8s.pod.name",
    "schedule": "k8s.node.name",
    "start": "k8s.container.name",
}
"""As which attribute a stage's detail is told."""
_OF_THE_JOB = {"create-job", "adopt", "attempt"}
_OF_THE_POD = {"schedule", "pull-image", "start", "dry-run", "execute"}


def _attributes(stage: Stage, job: str, pod: str) -> Attributes:
    detail, told = stage.detail or "", {"kubernaut.stage": stage.name}
    if stage.name in _DETAILS:
        told[_DETAILS[stage.name]] = detail
    if stage.name in _OF_THE_JOB:
        told["k8s.job.name"] = job
    if stage.name in _OF_THE_POD:
        told["k8s.pod.name"] = pod
    if stage.name in {"dry-run", "execute"}:
        told["k8s.container.name"] = stage.name
    if stage.name == "hook":
        told["kubernaut.plugin"], _, told["kubernaut.hook"] = detail.rpartition(".")
    more = _request_attributes(stage) if stage.name == "request" else {}
    return {key: value for key, value in {**told, **more}.items() if value != ""}


def _request_attributes(stage: Stage) -> Attributes:
    request = _request(stage)
    told: Attributes = {
        "http.request.method": request.get("verb", ""),
        "kubernaut.resource": request.get("kind", stage.detail or ""),
        "kubernaut.object": request.get("name", ""),
    }
    if int(request.get("code", 0)):
        told["http.response.status_code"] = int(request["code"])
    if "times" in request:
        told["kubernaut.times"] = int(request["times"])
    return told
