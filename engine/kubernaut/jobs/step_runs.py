"""Reads the steps of a pod from its containers: each has run the step of its name, or `execute` has run both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from kubernaut.api.fields import ReportableFields
from kubernaut.api.steps import DRY_RUN
from kubernaut.api.timestamps import from_epoch, parse_time
from kubernaut.jobs.termination import Report, parse_both_reports, parse_report

STATUS_UNKNOWN = "ContainerStatusUnknown"
"""The reason for a container that the kubelet can no longer find: how far it got is unknown."""
Container = Mapping[str, Any]
"""A container's status in a pod's."""


@dataclass(frozen=True, slots=True)
class StepRun:
    """One step in one pod."""

    step: str
    container: str
    image: str
    waiting: str
    waiting_message: str
    exit_code: int | None
    termination_reason: str
    """Completed, Error, OOMKilled, StartError."""
    termination_message: str
    report: Report | None
    started: datetime | None
    finished: datetime | None
    disbelieved: int = 0
    """How many changes of its report were dropped."""

    @property
    def times(self) -> tuple[datetime | None, datetime | None]:
        """When it started and finished: by the runner's own clock if it reported, else by the kubelet's, in whole seconds."""
        if self.report and self.report.started and self.report.finished:
            return from_epoch(self.report.started), from_epoch(self.report.finished)
        return self.started, self.finished


def read_steps(container: Container, *, rehearses: bool) -> tuple[StepRun, ...]:
    """Return the step that a container ran, or, of one that rehearses before it executes, both as far as it got.

    While that one runs, nothing shows which step it is at: it is then said to execute, as it may.
    """
    run = _read(container)
    if not rehearses or run.exit_code is None or run.termination_reason == STATUS_UNKNOWN:
        return (run,)
    rehearsed, executed = parse_both_reports(run.termination_message)
    if executed is None and run.exit_code:
        return (replace(run, step=DRY_RUN, report=rehearsed),)
    passed = replace(
        run, step=DRY_RUN, exit_code=0, termination_reason="Completed", termination_message="", report=rehearsed
    )
    return passed, replace(run, report=executed)


def _read(container: Container) -> StepRun:
    state = container.get("state") or {}
    waiting, running, terminated = (state.get(name) or {} for name in ("waiting", "running", "terminated"))
    message, reason = terminated.get("message", ""), terminated.get("reason", "")
    started = terminated.get("startedAt") or running.get("startedAt")
    return StepRun(
        step=container["name"],
        container=container["name"],
        image=container.get("image", ""),
        waiting=waiting.get("reason", ""),
        waiting_message=waiting.get("message", ""),
        exit_code=terminated.get("exitCode"),
        termination_reason=reason,
        termination_message=message,
        report=parse_report(message, container["name"]) if message else None,
        started=None if reason == "StartError" else parse_time(started),
        finished=parse_time(terminated.get("finishedAt")),
    )


def believe_step(step: StepRun, fields: ReportableFields) -> StepRun:
    """Return the step with only those changes in its report that its execution may have made."""
    if step.report is None:
        return step
    changes = tuple(c for c in step.report.changes if fields.covers(c.kind, c.name, c.field))
    dropped = len(step.report.changes) - len(changes)
    return (
        replace(step, report=step.report.model_copy(update={"changes": changes}), disbelieved=dropped)
        if dropped
        else step
    )


def start_seconds(run: StepRun) -> float:
    """Return seconds since the epoch, by the step's own clock if it reported; 0 if it has not started."""
    return (run.report.started if run.report else 0.0) or (run.started.timestamp() if run.started else 0.0)
