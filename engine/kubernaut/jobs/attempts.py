"""Reads the pods of a Job: how far the two steps of each got, and what keeps it from running."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from kubernaut.api.execution import Reason
from kubernaut.api.fields import ReportableFields
from kubernaut.api.labels import ANNOTATION_READ_ONLY
from kubernaut.api.steps import DRY_RUN, EXECUTE
from kubernaut.api.timestamps import parse_time, refine_timestamp
from kubernaut.jobs.diagnosis import Diagnosis
from kubernaut.jobs.foreign_containers import (
    IMAGE_REASONS,
    STUCK_REASONS,
    ForeignContainer,
    read_foreign_containers,
)
from kubernaut.jobs.step_runs import STATUS_UNKNOWN, Container, StepRun, believe_step, read_steps, start_seconds
from kubernaut.kube.objects import CachedObject


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
    rehearses_inline: bool = False
    """Whether one container runs both steps."""
    foreign: tuple[ForeignContainer, ...] = ()
    """Its containers that are not steps: other systems put them there."""
    removed: bool = False
    """Whether it is gone; what is known of it is what was seen last."""

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
    def may_have_executed(self) -> bool:
        """Whether its execute step began, or may have without the kubelet having said so before the pod was lost."""
        run = self.step(EXECUTE)
        if run and run.termination_reason == STATUS_UNKNOWN:
            return True
        if run and (run.started or run.exit_code is not None):
            return run.started is not None
        if any(step.exit_code for step in self.steps):
            return False
        return not self.dry_run_only and "Initialized" in self.conditions and bool(self.interruption)

    @property
    def succeeded(self) -> bool:
        """Whether its main step succeeded. That is final, as no container of these pods is ever started again.

        The pod's own phase follows a second later: the kubelet first takes the sandbox down (measured on 1.36).
        """
        main = self.step(self.main)
        if self.phase == "Succeeded" or main is None or main.exit_code != 0:
            return self.phase == "Succeeded"
        return self.phase != "Failed" or (self.foreign_failure is not None and not (self.reason or self.disruption))

    @property
    def failed_step(self) -> StepRun | None:
        """The step that failed, if any."""
        return next((step for step in self.steps if step.exit_code), None)

    @property
    def foreign_failure(self) -> ForeignContainer | None:
        """The first container that failed and is not a step, if any."""
        return next((container for container in self.foreign if container.failed), None)

    @property
    def kept_open(self) -> tuple[ForeignContainer, datetime] | None:
        """The container that keeps the pod running after its main step, and since when; None where there is none."""
        main = self.step(self.main)
        running = next((container for container in self.foreign if container.is_running), None)
        if running is None or main is None or main.exit_code is None or self.phase in {"Succeeded", "Failed"}:
            return None
        return running, main.finished or self.created

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
        if self.deleted or self.removed:
            return f"pod {self.pod} was deleted"
        return ""

    @property
    def diagnosis(self) -> Diagnosis | None:
        """What keeps it from starting, as far as its own status says."""
        for step in self.steps:
            if step.waiting in IMAGE_REASONS:
                cause = f"image {step.image} cannot be pulled ({step.waiting}): {step.waiting_message or 'no details'}"
                return Diagnosis(Reason.IMAGE_PULL_FAILED, cause)
            if step.waiting in STUCK_REASONS:
                cause = f"container {step.container} cannot start ({step.waiting}): {step.waiting_message}"
                return Diagnosis(step.waiting, cause)
        if self.unschedulable:
            return Diagnosis("Unschedulable", f"pod {self.pod} is unschedulable: {self.unschedulable}")
        if self.has_started:
            return None
        return next((found for container in self.foreign if (found := container.diagnosis)), None)


def read_attempts(pods: Sequence[CachedObject]) -> tuple[Attempt, ...]:
    """Return the pods of a Job as attempts, oldest first."""
    return tuple(sorted(map(_attempt, pods), key=_sort_key))


def believe(attempts: Iterable[Attempt], fields: ReportableFields) -> tuple[Attempt, ...]:
    """Return the attempts with only those changes in their reports that the execution may have made."""
    return tuple(
        replace(attempt, steps=tuple(believe_step(step, fields) for step in attempt.steps)) for attempt in attempts
    )


def _sort_key(attempt: Attempt) -> tuple[Any, ...]:
    """Order the pods of a Job, which run one after the other but may be created within one second: then by when their steps began."""
    starts = (start_seconds(run) for run in attempt.steps)
    first = next((seconds for seconds in starts if seconds), math.inf)
    return attempt.created.replace(microsecond=0), first, attempt.created, attempt.pod


def _attempt(cached: CachedObject) -> Attempt:
    pod, first_seen = cached.json, cached.first_seen
    status = pod.get("status") or {}
    initial, main = (status.get(field) or [] for field in ("initContainerStatuses", "containerStatuses"))
    own, foreign = _split(initial, main)
    reads = (pod["metadata"].get("annotations") or {}).get(ANNOTATION_READ_ONLY) == "true"
    inline = [container["name"] for container in own] == [EXECUTE] and not reads
    conditions = {condition["type"]: condition for condition in status.get("conditions") or []}
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
        steps=tuple(run for container in own for run in read_steps(container, rehearses=inline)),
        conditions=frozenset(kind for kind, condition in conditions.items() if condition.get("status") == "True"),
        dry_run_only=any(container["name"] == DRY_RUN for container in main)
        and not any(container["name"] == DRY_RUN for container in initial),
        rehearses_inline=inline,
        foreign=read_foreign_containers(foreign),
        removed=cached.deleted,
    )


def _split(initial: Sequence[Container], main: Sequence[Container]) -> tuple[list[Container], list[Container]]:
    """Return the containers that are steps, in the order in which they run, and all others.

    The dry run is an initContainer, or the only step; a container of a step's name in another place is not that step.
    """
    dry_run = next((c for c in initial if c["name"] == DRY_RUN), None)
    first = dry_run or next((c for c in main if c["name"] == DRY_RUN), None)
    last = next((c for c in main if c["name"] == EXECUTE), None)
    own = [container for container in (first, last) if container is not None]
    return own, [c for c in (*initial, *main) if not any(c is container for container in own)]


def _since(condition: Mapping[str, Any], first_seen: datetime | None) -> datetime | None:
    since = parse_time(condition.get("lastTransitionTime"))
    return refine_timestamp(since, first_seen) if condition.get("status") == "True" and since else None


def _disruption(condition: Mapping[str, Any]) -> str:
    if condition.get("status") != "True":
        return ""
    return ": ".join(part for part in (condition.get("reason", ""), condition.get("message", "")) if part)
