"""Reads the pods of a Job: how far the two steps of each got, and what keeps it from running."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kubernaut.api.execution import Reason
from kubernaut.api.steps import DRY_RUN, EXECUTE
from kubernaut.api.timestamps import from_epoch, parse_time, refine_timestamp
from kubernaut.jobs.diagnosis import Diagnosis
from kubernaut.jobs.termination import Report, parse_report
from kubernaut.kube.objects import CachedObject

_IMAGE_REASONS = {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"}
STUCK_REASONS = _IMAGE_REASONS | {"CreateContainerConfigError", "CreateContainerError", "RunContainerError"}
"""Reasons of a waiting container that does not start by waiting."""


@dataclass(frozen=True, slots=True)
class StepRun:
    """One container of one pod."""

    step: str
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

    @property
    def times(self) -> tuple[datetime | None, datetime | None]:
        """When it started and finished: by the runner's own clock if it reported, else by the kubelet's, in whole seconds."""
        if self.report and self.report.started and self.report.finished:
            return from_epoch(self.report.started), from_epoch(self.report.finished)
        return self.started, self.finished


@dataclass(frozen=True, slots=True)
class Attempt:
    """One pod."""

    pod: str
    phase: str
    reason: str
    message: str
    unschedulable: str
    disruption: str
    """Why the cluster took the pod away (eviction, preemption, a lost node), or ""."""
    node: str
    created: datetime
    scheduled: datetime | None
    """When it was bound to a node."""
    deleted: datetime | None
    """When its deletion was requested."""
    steps: tuple[StepRun, ...]
    conditions: frozenset[str]
    """The types of its conditions that are true."""
    dry_run_only: bool

    @property
    def main(self) -> str:
        """The step whose success is the pod's success."""
        return DRY_RUN if self.dry_run_only else EXECUTE

    def step(self, name: str) -> StepRun | None:
        """Return the step of this name, if the kubelet has reported it."""
        return next((step for step in self.steps if step.step == name), None)

    @property
    def has_started(self) -> bool:
        """Whether any container started."""
        return any(step.started for step in self.steps)

    @property
    def succeeded(self) -> bool:
        """Whether its main step succeeded. That is final, as no container of these pods is ever started again.

        The pod's own phase follows a second later: the kubelet first takes the sandbox down (measured on 1.36).
        """
        main = self.step(self.main)
        return self.phase == "Succeeded" or (self.phase != "Failed" and main is not None and main.exit_code == 0)

    @property
    def failed_step(self) -> StepRun | None:
        """The step that failed, if any."""
        return next((step for step in self.steps if step.exit_code), None)

    @property
    def waits_silently(self) -> bool:
        """Whether it waits for something that the kubelet reports in Events alone, such as a volume to mount."""
        return self.phase == "Pending" and not self.has_started and self.diagnosis is None

    @property
    def interruption(self) -> str:
        """What ended the pod before its steps did, in one clause, or ""."""
        if self.succeeded:
            return ""
        if self.disruption:
            return f"pod {self.pod} was removed by the cluster: {self.disruption}"
        if self.reason and self.phase == "Failed":
            return f"pod {self.pod} was ended by its node: {self.reason}{f': {self.message}' if self.message else ''}"
        if self.deleted:
            return f"pod {self.pod} was deleted"
        return ""

    @property
    def diagnosis(self) -> Diagnosis | None:
        """What keeps it from starting, as far as its own status says."""
        for step in self.steps:
            if step.waiting in _IMAGE_REASONS:
                cause = f"image {step.image} cannot be pulled ({step.waiting}): {step.waiting_message or 'no details'}"
                return Diagnosis(Reason.IMAGE_PULL_FAILED, cause)
            if step.waiting in STUCK_REASONS:
                cause = f"container {step.step} cannot start ({step.waiting}): {step.waiting_message}"
                return Diagnosis(step.waiting, cause)
        if self.unschedulable:
            return Diagnosis("Unschedulable", f"pod {self.pod} is unschedulable: {self.unschedulable}")
        return None


def read_attempts(pods: Sequence[CachedObject]) -> tuple[Attempt, ...]:
    """Return the pods of a Job as attempts, oldest first."""
    return tuple(sorted(map(_attempt, pods), key=_sort_key))


def _sort_key(attempt: Attempt) -> tuple[Any, ...]:
    """Order the pods of a Job, which run one after the other but may be created within one second: then by when their steps began."""
    starts = (_start_seconds(run) for run in attempt.steps)
    first = next((seconds for seconds in starts if seconds), math.inf)
    return attempt.created.replace(microsecond=0), first, attempt.created, attempt.pod


def _start_seconds(run: StepRun) -> float:
    """Return seconds since the epoch, by the step's own clock if it reported; 0 if it has not started."""
    return (run.report.started if run.report else 0.0) or (run.started.timestamp() if run.started else 0.0)


def _attempt(cached: CachedObject) -> Attempt:
    pod, first_seen = cached.json, cached.first_seen
    status = pod.get("status", {})
    containers = [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]
    conditions = {condition["type"]: condition for condition in status.get("conditions", [])}
    scheduled, disrupted = conditions.get("PodScheduled", {}), conditions.get("DisruptionTarget", {})
    return Attempt(
        pod=pod["metadata"]["name"],
        phase=status.get("phase", "Pending"),
        reason=status.get("reason", ""),
        message=status.get("message", ""),
        unschedulable=scheduled.get("message", "") if scheduled.get("reason") == "Unschedulable" else "",
        disruption=_disruption(disrupted),
        node=pod.get("spec", {}).get("nodeName", ""),
        created=refine_timestamp(
            datetime.fromisoformat(pod["metadata"]["creationTimestamp"]), first_seen.get("created")
        ),
        scheduled=_since(scheduled, first_seen.get("scheduled")),
        deleted=parse_time(pod["metadata"].get("deletionTimestamp")),
        steps=tuple(_step(container) for container in containers),
        conditions=frozenset(kind for kind, condition in conditions.items() if condition.get("status") == "True"),
        dry_run_only=any(container["name"] == DRY_RUN for container in status.get("containerStatuses", [])),
    )


def _since(condition: Mapping[str, Any], first_seen: datetime | None) -> datetime | None:
    since = parse_time(condition.get("lastTransitionTime"))
    return refine_timestamp(since, first_seen) if condition.get("status") == "True" and since else None


def _disruption(condition: Mapping[str, Any]) -> str:
    if condition.get("status") != "True":
        return ""
    return ": ".join(part for part in (condition.get("reason", ""), condition.get("message", "")) if part)


def _step(container: Mapping[str, Any]) -> StepRun:
    state = container.get("state", {})
    waiting, running, terminated = state.get("waiting", {}), state.get("running", {}), state.get("terminated", {})
    message, reason = terminated.get("message", ""), terminated.get("reason", "")
    started = terminated.get("startedAt") or running.get("startedAt")
    return StepRun(
        step=container["name"],
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
