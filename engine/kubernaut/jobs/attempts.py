"""Reads one pod of a Job: how far its two steps got, and what stands in their way."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kubernaut.api.steps import DRY_RUN, EXECUTE
from kubernaut.api.timestamps import parse_time
from kubernaut.jobs.termination import Report, parse_report
from kubernaut.telemetry.first_seen import SIGHTINGS, sharpened

_IMAGE_REASONS = {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"}
TROUBLE_REASONS = _IMAGE_REASONS | {"CreateContainerConfigError", "CreateContainerError", "RunContainerError"}
"""Why a container waits that will not start by waiting."""


@dataclass(frozen=True, slots=True)
class StepRun:
    """One container of one pod."""

    step: str
    image: str
    waiting: str
    waiting_message: str
    exit_code: int | None
    ended_as: str
    """The kubelet's word for the end: Completed, Error, OOMKilled, StartError."""
    last_words: str
    report: Report | None
    started: datetime | None
    finished: datetime | None


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
    """When a node was found for it."""
    ready_to_start: datetime | None
    """When its sandbox, network and volumes were there, where the kubelet tells."""
    deleted: datetime | None
    """When its deletion was asked for."""
    steps: tuple[StepRun, ...]
    dry_run_only: bool

    @property
    def main(self) -> str:
        """The step whose success is the pod's."""
        return DRY_RUN if self.dry_run_only else EXECUTE

    def step(self, name: str) -> StepRun | None:
        """The step of this name, if the kubelet has told of it."""
        return next((step for step in self.steps if step.step == name), None)

    @property
    def began(self) -> bool:
        """Did any container start?"""
        return any(step.started for step in self.steps)

    @property
    def succeeded(self) -> bool:
        """Has its main step ended well? That is final, as no container of these pods is ever started again.

        The pod's own phase follows a second later: the kubelet first takes the sandbox down and looks once more (seen on 1.36).
        """
        main = self.step(self.main)
        return self.phase == "Succeeded" or (self.phase != "Failed" and main is not None and main.exit_code == 0)

    @property
    def failed_step(self) -> StepRun | None:
        """The step that ended badly."""
        return next((step for step in self.steps if step.exit_code), None)

    @property
    def unstarted(self) -> bool:
        """Does it wait for something that the kubelet tells in Events alone, such as a volume to mount?"""
        return self.phase == "Pending" and not self.began and not self.trouble

    @property
    def interruption(self) -> str:
        """What took the pod away, in one clause, or ""."""
        if self.succeeded:
            return ""
        if self.disruption:
            return f"pod {self.pod} was taken away by the cluster: {self.disruption}"
        if self.reason and self.phase == "Failed":
            return f"pod {self.pod} was ended by its node: {self.reason}{f': {self.message}' if self.message else ''}"
        if self.deleted:
            return f"pod {self.pod} was deleted"
        return ""

    @property
    def trouble(self) -> str:
        """Why it does not get on, in one sentence, or ""."""
        for step in self.steps:
            if step.waiting in _IMAGE_REASONS:
                return (
                    f"image {step.image} cannot be pulled ({step.waiting}): {step.waiting_message or 'no more is told'}"
                )
            if step.waiting in TROUBLE_REASONS:
                return f"container {step.step} cannot start ({step.waiting}): {step.waiting_message}"
        return f"no node can take pod {self.pod}: {self.unschedulable}" if self.unschedulable else ""

    @property
    def image_trouble(self) -> bool:
        """Is the image what is missing?"""
        return any(step.waiting in _IMAGE_REASONS for step in self.steps)


def read_attempts(pods: Sequence[Mapping[str, Any]]) -> tuple[Attempt, ...]:
    """All pods of a Job, oldest first."""
    return tuple(sorted(map(_attempt, pods), key=_turn))


def _turn(attempt: Attempt) -> tuple[Any, ...]:
    """Pods of one Job come one after the other, but perhaps within one second: then by when their steps began."""
    began = (_began(run) for run in attempt.steps)
    first = next((time for time in began if time), math.inf)
    return attempt.created.replace(microsecond=0), first, attempt.created, attempt.pod


def _began(run: StepRun) -> float:
    """Seconds since the epoch, by its own account where there is one; 0 while it has not begun."""
    return (run.report.started if run.report else 0.0) or (run.started.timestamp() if run.started else 0.0)


def _attempt(pod: Mapping[str, Any]) -> Attempt:
    status = pod.get("status", {})
    told = [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]
    conditions = {condition["type"]: condition for condition in status.get("conditions", [])}
    sightings: Mapping[str, datetime] = pod.get(SIGHTINGS, {})
    scheduled, disrupted = conditions.get("PodScheduled", {}), conditions.get("DisruptionTarget", {})
    return Attempt(
        pod=pod["metadata"]["name"],
        phase=status.get("phase", "Pending"),
        reason=status.get("reason", ""),
        message=status.get("message", ""),
        unschedulable=scheduled.get("message", "") if scheduled.get("reason") == "Unschedulable" else "",
        disruption=_disruption(disrupted),
        node=pod.get("spec", {}).get("nodeName", ""),
        created=sharpened(pod["metadata"]["creationTimestamp"], sightings.get("created")),
        scheduled=_since(scheduled, sightings.get("scheduled")),
        ready_to_start=_since(conditions.get("PodReadyToStartContainers", {}), None),
        deleted=parse_time(pod["metadata"].get("deletionTimestamp")),
        steps=tuple(_step(container) for container in told),
        dry_run_only=any(container["name"] == DRY_RUN for container in status.get("containerStatuses", [])),
    )


def _since(condition: Mapping[str, Any], sighted: datetime | None) -> datetime | None:
    told = condition.get("lastTransitionTime")
    return sharpened(told, sighted) if condition.get("status") == "True" and told else None


def _disruption(condition: Mapping[str, Any]) -> str:
    if condition.get("status") != "True":
        return ""
    return ": ".join(part for part in (condition.get("reason", ""), condition.get("message", "")) if part)


def _step(container: Mapping[str, Any]) -> StepRun:
    state = container.get("state", {})
    waiting, running, ended = state.get("waiting", {}), state.get("running", {}), state.get("terminated", {})
    message = ended.get("message", "")
    return StepRun(
        step=container["name"],
        image=container.get("image", ""),
        waiting=waiting.get("reason", ""),
        waiting_message=waiting.get("message", ""),
        exit_code=ended.get("exitCode"),
        ended_as=ended.get("reason", ""),
        last_words=message,
        report=parse_report(message, container["name"]) if message else None,
        started=None
        if ended.get("reason") == "StartError"
        else parse_time(ended.get("startedAt") or running.get("startedAt")),
        finished=parse_time(ended.get("finishedAt")),
    )
