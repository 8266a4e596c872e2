"""Diagnoses stuck Jobs from Events and unresponsive nodes, where the status of Job and pods is not enough, and reads image pull times.

It asks only about what has stood still for a while, and less often the longer it does, so that the good case costs nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from kubernaut.api.execution import Reason
from kubernaut.api.timestamps import now, parse_time
from kubernaut.controller.state import Monitor
from kubernaut.errors import KubernautError
from kubernaut.jobs.attempts import Attempt
from kubernaut.jobs.diagnosis import Diagnosis, last_diagnosis
from kubernaut.jobs.outcome import Finished, InProgress, observe
from kubernaut.jobs.stages import Pull
from kubernaut.jobs.termination import shorten
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import EVENTS, JOBS, CachedObject, Object

log = logging.getLogger(__name__)

_FIRST_CHECK_SECONDS = 10.0
_UNRESPONSIVE_SECONDS = 45.0
"""A working kubelet ends a pod within its grace period, which is 30 s by default."""
_SLOW_START = timedelta(seconds=4)
"""A pod whose images are on its node starts within two seconds, and its kubelet's times have whole seconds."""
_MAX_PULL_QUERIES = 3
_SUSPENDED = "JobSuspended"
_QUEUE_LABEL = "kueue.x-k8s.io/queue-name"
_RESUME = """--type=merge -p '{"spec":{"suspend":false}}'"""
_ENGINE_MANAGER = "kubernaut"
"""The field manager of the engine, which never suspends a Job: if it owns the field, admission set it."""


@dataclass(frozen=True, slots=True)
class Checkup:
    """What keeps a Job from running, if anything, and when to check again if nothing changes."""

    diagnosis: Diagnosis | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Diagnostics:
    """Asks one cluster for Events."""

    cluster: Cluster

    async def observe(self, run: Monitor, attempts: Sequence[Attempt]) -> InProgress | Finished:
        """Return what Job and attempts show; for one stopped by its deadline before it began, with the last warning as the cause."""
        execution, recorded = run.execution, last_diagnosis(run.execution.status)
        dry_run = execution.is_dry_run
        observed_with = partial(observe, run.job, attempts, recorded=execution.status.result, dry_run=dry_run)
        found = observed_with(last_diagnosis=recorded, now=now())
        if recorded is None and isinstance(found, Finished) and _is_unexplained(found):
            warning = await self._last_warning(run, found)
            return observed_with(last_diagnosis=warning)
        return found

    async def check(self, run: Monitor, progress: InProgress) -> Checkup:
        """Return what keeps this execution's Job from running."""
        if run.job["spec"].get("suspend"):
            return Checkup(await self._suspension(run))
        if progress.diagnosis:
            return Checkup(progress.diagnosis)
        last = progress.attempts[-1] if progress.attempts else None
        if last is None:
            return await self._check_events(run.job, run.job)
        if last.deleted:
            return _check_node(last.pod, last.node, last.deleted)
        if last.waits_silently:
            return await self._check_events(_pod_of(run.pods, last), run.job)
        return Checkup()

    async def _suspension(self, run: Monitor) -> Diagnosis:
        """Return that the Job is suspended, and by whom; the answer is looked up once."""
        recorded, metadata = last_diagnosis(run.execution.status), run.job["metadata"]
        if recorded and recorded.reason == _SUSPENDED:
            return recorded
        job = await self.cluster.get(JOBS, metadata["namespace"], metadata["name"])
        who = _who_suspended(job)
        by = f"by {who}" if who else "when it was created, by a webhook or policy of this cluster"
        queue = job["metadata"].get("labels", {}).get(_QUEUE_LABEL)
        resume = f"kubectl patch job {metadata['name']} -n {metadata['namespace']} {_RESUME}"
        waiting = f"it waits in queue {queue}" if queue else f"to resume it: {resume}"
        return Diagnosis(_SUSPENDED, f"Job {metadata['name']} was suspended {by}; {waiting}")

    async def image_pulls(
        self, pods: Sequence[CachedObject], attempts: Sequence[Attempt], since: datetime | None
    ) -> dict[str, Pull]:
        """Return by pod when its images were pulled, for pods that were slow to start; only the kubelet's Events report it."""
        slow = [attempt.pod for attempt in attempts if _started_slowly(attempt, since)][:_MAX_PULL_QUERIES]
        found: dict[str, Pull] = {}
        for pod in pods:
            metadata = pod.json["metadata"]
            if metadata["name"] in slow:
                try:
                    pull = pull_time(await self._events(metadata, "Normal"))
                except KubernautError:
                    continue
                if pull:
                    found[metadata["name"]] = pull
        return found

    async def _last_warning(self, run: Monitor, finished: Finished) -> Diagnosis | None:
        """Return the newest warning about the last pod, or about a Job that had none."""
        subject = _pod_of(run.pods, finished.attempts[-1]) if finished.attempts else run.job
        try:
            return await self._warning(subject["metadata"])
        except KubernautError as error:
            log.warning("the Events of %s/%s cannot be read: %s", run.execution.namespace, run.execution.name, error)
            return None

    async def _check_events(self, obj: Object, job: Object) -> Checkup:
        """Look for a warning about this object, if it has stood still for long enough."""
        deadline = float(job["spec"].get("activeDeadlineSeconds") or 2 * _FIRST_CHECK_SECONDS)
        first = min(_FIRST_CHECK_SECONDS, deadline / 2)
        age = _age_seconds(parse_time(obj["metadata"]["creationTimestamp"]))
        if age < first:
            return Checkup(seconds=first - age + 0.5)
        warning = await self._warning(obj["metadata"])
        return Checkup(warning, max(first if warning else first / 2, age / 2))

    async def _warning(self, metadata: Mapping[str, Any]) -> Diagnosis | None:
        events = await self._events(metadata, "Warning")
        if not events:
            return None
        newest = max(events, key=_last_time)
        reason = str(newest.get("reason") or "Warning")
        return Diagnosis(reason, f"{reason}: {shorten(str(newest.get('message', '')), 400)}".rstrip("."))

    async def _events(self, metadata: Mapping[str, Any], kind: str) -> list[Object]:
        fields = f"involvedObject.uid={metadata['uid']},type={kind}"
        return (await self.cluster.list(EVENTS, metadata["namespace"], fields=fields)).items


def pull_time(events: Iterable[Mapping[str, Any]]) -> Pull | None:
    """Return the time from the first `Pulling` to the last `Pulled`; None where every image was on the node already."""
    times: dict[str, list[datetime]] = {"Pulling": [], "Pulled": []}
    for event in events:
        time = parse_time(event.get("eventTime") or event.get("firstTimestamp"))
        if time and event.get("reason") in times:
            times[event["reason"]].append(time)
    return Pull(min(times["Pulling"]), max(times["Pulled"])) if all(times.values()) else None


def _who_suspended(job: Object) -> str:
    """Return the field manager that wrote `spec.suspend`, or "" where that is not known or was not a client."""
    for entry in job["metadata"].get("managedFields", []):
        fields = entry.get("fieldsV1", {}).get("f:spec", {})
        manager = str(entry.get("manager", ""))
        if "f:suspend" in fields and not manager.startswith(_ENGINE_MANAGER):
            return manager
    return ""


def _pod_of(pods: Sequence[CachedObject], attempt: Attempt) -> Object:
    return next(pod.json for pod in pods if pod.json["metadata"]["name"] == attempt.pod)


def _is_unexplained(finished: Finished) -> bool:
    """Whether its deadline stopped it before it began, and its pods do not show why."""
    late = finished.reason is Reason.DEADLINE_EXCEEDED
    return late and not any(attempt.has_started or attempt.diagnosis for attempt in finished.attempts)


def _check_node(pod: str, node: str, deleted: datetime) -> Checkup:
    """Check a pod that was told to stop: has its node confirmed it?"""
    age = _age_seconds(deleted)
    if age < _UNRESPONSIVE_SECONDS:
        return Checkup(seconds=_UNRESPONSIVE_SECONDS - age + 0.5)
    message = (
        f"pod {pod} was told to stop {age:.0f} s ago, and node {node} has not confirmed it, so it may still be running; "
        f"if the node is gone for good: kubectl delete node {node}"
    )
    return Checkup(Diagnosis("NodeNotResponding", message), 60.0)


def _started_slowly(attempt: Attempt, since: datetime | None) -> bool:
    first = next((run.started for run in attempt.steps if run.started), None)
    return first is not None and first - max(attempt.created, since or attempt.created) > _SLOW_START


def _age_seconds(since: datetime | None) -> float:
    return max(0.0, (now() - since).total_seconds()) if since else 0.0


def _last_time(event: Mapping[str, Any]) -> str:
    series = event.get("series") or {}
    return str(series.get("lastObservedTime") or event.get("lastTimestamp") or event.get("eventTime") or "")
