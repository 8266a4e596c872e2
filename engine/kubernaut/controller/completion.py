"""Records an end once, with its result and the way back, and then lets go of what the execution held.

`on_complete` is asked just before the end is written, so that its rollback travels in the same write; whatever the hook does, the end is
written.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from kubernaut.admission.validation import Admitted, Checks
from kubernaut.api.conditions import condition
from kubernaut.api.execution import Phase, Reason, Stage
from kubernaut.api.labels import ANNOTATION_REQUESTED_BY
from kubernaut.api.plugin import Result, Rollback
from kubernaut.api.steps import DRY_RUN, EXECUTE
from kubernaut.api.timestamps import as_json, now, parse_time, timestamp
from kubernaut.controller.image_pulls import Pulls
from kubernaut.controller.reporter import Ledger
from kubernaut.controller.state import Seen
from kubernaut.controller.status import Recorder
from kubernaut.errors import HookError, KubernautError, NotFoundError, RejectedError
from kubernaut.jobs.attempts import Attempt, read_attempts
from kubernaut.jobs.outcome import Ended, aftermath, merged_result, told_changes
from kubernaut.jobs.stages import attempt_stages
from kubernaut.jobs.termination import bounded
from kubernaut.kube.client import Cluster
from kubernaut.kube.informer import Informer
from kubernaut.kube.objects import Object
from kubernaut.kube.resources import JOBS
from kubernaut.plugins.hook_caller import HookCaller
from kubernaut.settings import Settings
from kubernaut.telemetry.first_seen import SIGHTINGS
from kubernaut.telemetry.stage_recorder import recording, stage
from kubernaut.telemetry.stages import waited
from kubernaut.telemetry.trace_context import trace_context

log = logging.getLogger(__name__)

_MESSAGE_BOUND = 2000


@dataclass(frozen=True, slots=True)
class Concluder:
    """Ends executions."""

    cluster: Cluster
    jobs: Informer
    checks: Checks
    hooks: HookCaller
    recorder: Recorder
    settings: Settings
    ledger: Ledger
    pulls: Pulls

    async def refuse(
        self, obj: Object, reason: Reason, message: str, target: str = "", stages: Sequence[Stage] = ()
    ) -> None:
        """The end of one that never ran."""
        time, metadata = timestamp(now()), obj["metadata"]
        more: dict[str, Any] = {
            "startTime": obj.get("status", {}).get("startTime") or time,
            "completionTime": time,
            "attempts": 0,
            "conditions": [condition("Validated", False, reason, bounded(message, 500))],
            "requestedBy": metadata.get("annotations", {}).get(ANNOTATION_REQUESTED_BY),
            "heldSince": None,
            "stages": [as_json(stage) for stage in stages],
            **({"target": target} if target else {}),
        }
        await self._write(obj, Phase.FAILED, reason, message, more)

    async def end(self, seen: Seen, ended: Ended) -> None:
        """The end of one that had a Job."""
        obj = seen.obj or {}
        with recording() as noted, stage("record"):
            result = await self._with_rollback(obj, ended.result)
        try:
            stages = [*await self._stages(seen, ended.attempts, noted.noted[0].started), *noted.stages()]
            told = {
                "completionTime": timestamp(now()),
                "attempts": sum(attempt.began for attempt in ended.attempts),
                "conditions": [*seen.status.get("conditions", []), *_conditions(ended)],
                "result": as_json(result),
                "logTail": ended.log_tail or None,
                "stages": [as_json(stage) for stage in stages],
            }
            await self._write(obj, ended.phase, ended.reason, ended.message, told)
        except (RejectedError, ValueError, TypeError, OverflowError) as error:
            # An end that cannot be written whole is written bare: nothing that a pod says may keep its execution from ending.
            log.warning("the result of %s cannot be recorded: %s", obj["metadata"]["name"], error)
            message = f"{ended.message} (Its result could not be recorded: {bounded(str(error), 200)})"
            await self._write(obj, ended.phase, ended.reason, message, {"completionTime": timestamp(now())})

    async def cancelled(self, seen: Seen) -> None:
        """The end of one that somebody stopped."""
        obj, time = seen.obj or {}, now()
        stages = [*await self._stages(seen, read_attempts(seen.pods), time), *_cancelling(obj, time)]
        more = {"completionTime": timestamp(time), "stages": [as_json(stage) for stage in stages]}
        await self._write(obj, Phase.CANCELLED, Reason.CANCEL_REQUESTED, _cancelled_message(seen), more)

    async def stamp(self, job: Object) -> None:
        """Let the Job go, some time after its end: not before, as the TTL controller asks nobody whether it has been read."""
        if "ttlSecondsAfterFinished" in job["spec"] or "deletionTimestamp" in job["metadata"]:
            return
        metadata = job["metadata"]
        patch = {"spec": {"ttlSecondsAfterFinished": self.settings.job_ttl_seconds}}
        try:
            self.jobs.accept(await self.cluster.patch(JOBS, metadata["namespace"], metadata["name"], patch))
        except NotFoundError:
            log.info("Job %s was gone before its TTL was set", metadata["name"])

    async def _write(
        self, obj: Object, phase: Phase, reason: Reason | None, message: str, more: Mapping[str, Any]
    ) -> None:
        message = bounded(message, _MESSAGE_BOUND)
        more = {**more, "traceparent": str(trace_context(obj))}
        written = await self.recorder.phase(obj, phase, reason, message, more)
        self.recorder.tell(obj, reason or phase, message, warning=phase is not Phase.SUCCEEDED)
        self.ledger.ended(written)

    async def _with_rollback(self, obj: Object, result: Result) -> Result:
        """Ask the plugin for the way back; one that cannot say costs nothing but a log line."""
        if obj["spec"].get("dryRun"):
            return result
        try:
            meant = await self.checks.understand(obj)
            if not isinstance(meant, Admitted):
                return result
            ask = partial(meant.action.hook.on_complete, execution=meant.execution, result=result)
            rollback = await self.hooks.call(meant.action.name, "on_complete", ask)
        except (HookError, KubernautError) as error:
            log.warning("no rollback for %s: %s", obj["metadata"]["name"], error)
            return result
        return result.model_copy(update={"rollback": rollback}) if isinstance(rollback, Rollback) else result

    async def _stages(self, seen: Seen, attempts: tuple[Attempt, ...], time: datetime) -> list[Stage]:
        """What is recorded, what the attempts went through, and how long the cluster took to tell of the end, at this time."""
        stages = waited(seen.obj or {}, time)
        since = max((stage.end_time for stage in stages if stage.end_time), default=None)
        if since is None and seen.job:
            since = parse_time(seen.job["metadata"]["creationTimestamp"])
        told = attempt_stages(attempts, since, time, await self.pulls.of(seen.pods, attempts, since))
        last = next((stage for stage in reversed(told) if stage.name == "attempt"), None)
        if last and last.end_time and last.end_time < time:
            told.append(Stage(name="notice", start_time=last.end_time, end_time=time))
        return [*stages, *told]


def _cancelled_message(seen: Seen) -> str:
    """What was stopped, and what it leaves, as far as is known."""
    if not seen.status.get("jobName"):
        return "It was cancelled before it started. Nothing was changed."
    attempts = read_attempts(seen.pods)
    saved = (
        Result.model_validate(seen.status["result"]) if seen.status.get("result") else merged_result(attempts, EXECUTE)
    )
    return f"It was cancelled on request. {aftermath(saved, attempts)}"


def lost(job: str, seen: Seen) -> Ended:
    """The end of one whose Job vanished: what its pods still tell is kept."""
    attempts = read_attempts(seen.pods)
    result = merged_result(attempts, EXECUTE)
    known = f"it had changed {told_changes(result.changes)}" if result.changes else "what it changed is unknown"
    message = f"Job {job} was deleted before its end was seen; {known}: look at {seen.status.get('target')}."
    return Ended(Phase.FAILED, Reason.LOST, message, result, attempts)


def _cancelling(obj: Object, until: datetime) -> list[Stage]:
    """From when the wish was seen, if this engine saw it."""
    since = obj.get(SIGHTINGS, {}).get("cancel")
    return [Stage(name="cancel", start_time=since, end_time=until)] if since else []


def _conditions(ended: Ended) -> list[dict[str, Any]]:
    """How far the last attempt got."""
    conditions = []
    last = ended.attempts[-1] if ended.attempts else None
    for kind, step in (("DryRunPassed", DRY_RUN), ("Executed", EXECUTE)):
        run = last.step(step) if last else None
        if run and run.exit_code is not None:
            passed = run.exit_code == 0
            reason = run.ended_as or ("Completed" if passed else "Error")
            conditions.append(condition(kind, passed, reason))
            if step == EXECUTE and run.report and run.report.verified:
                conditions.append(condition("Verified", True, "EffectSeen"))
    return conditions
