"""One key to one outcome. Whatever happened, and however often it is called, it looks at what is and does the one next thing."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from kubernaut.admission.concurrency import Reservations
from kubernaut.admission.validation import Admitted, Checks, Refused
from kubernaut.api.execution import Phase, Reason
from kubernaut.api.steps import EXECUTE
from kubernaut.api.timestamps import as_json, now, parse_time, timestamp
from kubernaut.controller.completion import Concluder, lost
from kubernaut.controller.diagnostics import Troubles
from kubernaut.controller.start import Began, Refusal, Starter, Wait
from kubernaut.controller.state import Caches, Seen, Step, decide, is_active
from kubernaut.controller.status import Recorder
from kubernaut.errors import NotFoundError
from kubernaut.jobs.convergence import is_explained
from kubernaut.jobs.outcome import Ended, UnderWay, merged_result, observe, told_changes
from kubernaut.jobs.ownership import is_job_of, uid_of, was_made_here
from kubernaut.jobs.trouble import TROUBLE_WORDS, Noticed
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import Key, Object
from kubernaut.kube.resources import EXECUTIONS, JOBS
from kubernaut.telemetry.stage_recorder import recording, stage
from kubernaut.telemetry.stages import waited, waiting
from kubernaut.telemetry.trace_context import trace_context

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing to do until something changes."""


@dataclass(frozen=True, slots=True)
class LookAgain:
    """Nothing will change by itself that tells: look again then."""

    seconds: float


Outcome = Done | LookAgain


@dataclass(frozen=True, slots=True)
class Reconciler:
    """Brings one execution one step further."""

    cluster: Cluster
    caches: Caches
    checks: Checks
    starter: Starter
    concluder: Concluder
    recorder: Recorder
    reservations: Reservations
    troubles: Troubles
    wake: Callable[[Key], None]

    async def __call__(self, key: Key) -> Outcome:
        """The switch: what is seen decides what is done. Raises RetryError when the API server could not be asked."""
        seen = self.caches.look(key)
        match decide(seen):
            case Step.SWEEP:
                act = self._sweep
            case Step.SETTLE:
                act = self._settle
            case Step.CANCEL:
                act = self._cancel
            case Step.FOLLOW:
                act = self._follow
            case Step.ADOPT:
                act = self._adopt
            case Step.MISS:
                act = self._miss
            case Step.BEGIN:
                act = self._begin
        return await act(seen)

    async def _begin(self, seen: Seen) -> Outcome:
        obj = seen.obj or {}
        await self._clear(seen)
        match await self.starter.begin(seen):
            case Began():
                return Done()
            case Refusal(reason, message, target, stages):
                await self.concluder.refuse(obj, reason, message, target, stages)
                self._release(obj["metadata"]["uid"])
                return Done()
            case Wait() as wait:
                if not wait.holds_its_place:
                    self._release(obj["metadata"]["uid"])
                await self._wait(obj, wait)
                return LookAgain(wait.seconds) if wait.seconds else Done()

    async def _wait(self, obj: Object, wait: Wait) -> None:
        """Say that it waits, and for what; of a hold also since when, which is what a person lifts."""
        told = obj.get("status", {})
        more: dict[str, Any] = {}
        if wait.target and wait.target != told.get("target"):
            more["target"] = wait.target
        if wait.held and not (told.get("heldSince") and told.get("reason") == wait.reason):
            more["heldSince"] = timestamp(now())
        stages = waiting(obj, wait.reason, wait.since or now())
        if stages is not None:
            more |= {"stages": [as_json(stage) for stage in stages], "traceparent": str(trace_context(obj))}
        await self.recorder.phase(obj, Phase.PENDING, wait.reason, wait.message, more or None)

    async def _follow(self, seen: Seen) -> Outcome:
        obj, job = seen.obj or {}, seen.job or {}
        if not is_explained(job, seen.pods, now()):
            return LookAgain(0.5)
        match await self.troubles.observed(seen):
            case Ended() as ended:
                await self.concluder.end(seen, ended)
                self._release(obj["metadata"]["uid"])
                await self.concluder.stamp(job)
            case UnderWay() as progress:
                return await self._note(seen, progress)
        return Done()

    async def _adopt(self, seen: Seen) -> Outcome:
        """Take over the Job of an engine that did not live to record it, if it is one that may run; remove any other."""
        obj, job = seen.obj or {}, seen.job or {}
        with recording() as noted, stage("adopt", job["metadata"]["name"]):
            verdict = Refused(Reason.SUSPENDED, "") if obj["spec"].get("suspend") else await self.checks.ask(obj)
        account = job["spec"]["serviceAccountName"]
        if isinstance(verdict, Admitted) and account == verdict.action.spec.service_account:
            created = datetime.fromisoformat(job["metadata"]["creationTimestamp"])
            await self.starter.announce(obj, verdict, job, [*waited(obj, created), *noted.stages()])
            return LookAgain(0.0)
        if "deletionTimestamp" not in job["metadata"]:
            log.warning("removing Job %s/%s: nothing allows it to run", seen.key.namespace, job["metadata"]["name"])
        await self._delete(job, "Foreground")
        return Done()

    async def _note(self, seen: Seen, progress: UnderWay) -> Outcome:
        """Tell of trouble while it lasts, so that nobody waits for the deadline to learn of it, and that it is over."""
        trouble = await self.troubles.of(seen, progress)
        if trouble.text:
            reason = Reason.IMAGE_PULL_FAILED if progress.image_trouble else None
            await self.recorder.phase(seen.obj or {}, Phase.RUNNING, reason, f"{TROUBLE_WORDS}{trouble.text}.")
        elif Noticed.read(seen.status).trouble and progress.attempts and progress.attempts[-1].began:
            message = f"Job {seen.status['jobName']} runs; what kept its pod from getting on is over."
            await self.recorder.phase(seen.obj or {}, Phase.RUNNING, None, message)
        return LookAgain(trouble.again) if trouble.again else Done()

    async def _cancel(self, seen: Seen) -> Outcome:
        obj, job = seen.obj or {}, seen.job
        metadata = obj["metadata"]
        if job is None:
            await self.concluder.cancelled(seen)
            self._release(metadata["uid"])
            return Done()
        observed = observe(job, seen.pods, dry_run=bool(obj["spec"].get("dryRun")))
        if isinstance(observed, Ended) and "deletionTimestamp" not in job["metadata"]:
            return await self._follow(seen)
        await self._keep_partial(seen, observed)
        if "deletionTimestamp" not in job["metadata"]:
            uid = job["metadata"]["uid"]
            await self.cluster.delete(
                JOBS, metadata["namespace"], job["metadata"]["name"], uid=uid, propagation="Foreground"
            )
        return Done()

    async def _keep_partial(self, seen: Seen, observed: UnderWay | Ended) -> None:
        """Save what a step has told so far: its pod is about to go."""
        if (seen.obj or {})["spec"].get("dryRun"):
            return
        partial = merged_result(observed.attempts, EXECUTE)
        if partial.changes and as_json(partial) != seen.status.get("result"):
            message = f"It is being cancelled; it has changed {told_changes(partial.changes)}."
            await self.recorder.phase(seen.obj or {}, Phase.RUNNING, None, message, {"result": as_json(partial)})

    async def _miss(self, seen: Seen) -> Outcome:
        obj, name = seen.obj or {}, seen.status["jobName"]
        try:
            found = await self.cluster.get(JOBS, seen.key.namespace, name)
            if is_job_of(found, obj):
                self.caches.jobs.accept(found)
                return LookAgain(1.0)
        except NotFoundError:
            if any(is_active(pod) for pod in seen.pods):
                return Done()
        await self.concluder.end(seen, lost(name, seen))
        self._release((seen.obj or {})["metadata"]["uid"])
        return Done()

    async def _settle(self, seen: Seen) -> Outcome:
        obj = seen.obj or {}
        self._release(obj["metadata"]["uid"])
        if seen.job is not None and seen.status.get("jobName"):
            await self.concluder.stamp(seen.job)
        elif seen.job is not None:  # refused, or cancelled, while an earlier create was on its way
            await self._delete(seen.job, "Foreground")
        await self._clear(seen)
        due = _due(obj)
        left = (due - now()).total_seconds() if due else None
        if left is None:
            return Done()
        if left > 0:
            return LookAgain(left)
        metadata = obj["metadata"]
        await self.cluster.delete(EXECUTIONS, metadata["namespace"], metadata["name"], uid=metadata["uid"])
        return Done()

    async def _sweep(self, seen: Seen) -> Outcome:
        await self._clear(seen)
        return Done()

    async def _clear(self, seen: Seen) -> None:
        """Jobs of a deleted execution follow it by ownerReference, or here if they do not; then its target is free."""
        ours = [job for job in seen.leftover_jobs if was_made_here(job)]
        for job in ours:
            log.info("removing Job %s/%s, whose execution is gone", seen.key.namespace, job["metadata"]["name"])
            await self._delete(job, "Background")
        for pod in seen.leftover_pods:
            self.caches.gone.forget(uid_of(pod))
        if not ours and not any(is_active(pod) for pod in seen.leftover_pods):
            uid = seen.obj["metadata"]["uid"] if seen.obj else ""
            for key in self.reservations.release_others(seen.key, uid):
                self.wake(key)

    async def _delete(self, job: Object, propagation: str) -> None:
        """Have a Job deleted, once."""
        metadata = job["metadata"]
        if "deletionTimestamp" not in metadata:
            await self.cluster.delete(
                JOBS, metadata["namespace"], metadata["name"], uid=metadata["uid"], propagation=propagation
            )

    def _release(self, uid: str) -> None:
        self.caches.gone.forget(uid)
        for key in self.reservations.release(uid):
            self.wake(key)


def _due(obj: Object) -> datetime | None:
    """When an ended execution's own time is up."""
    completed = parse_time(obj["status"].get("completionTime"))
    return completed + timedelta(seconds=obj["spec"].get("ttlSecondsAfterFinished", 604_800)) if completed else None
