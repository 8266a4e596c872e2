"""From an execution that has not started to a running Job: checks, reservation, creation, and the word Running.

A crash between the creation and the word is harmless: the Job's name follows from the execution's uid, so the next engine finds it.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from kubernaut.admission.concurrency import Request, Reservations, Waiting
from kubernaut.admission.rate_limits import Pace
from kubernaut.admission.validation import Admitted, Checks, Refused
from kubernaut.api.conditions import condition
from kubernaut.api.execution import Phase, Reason, Stage
from kubernaut.api.timestamps import as_json, now, timestamp
from kubernaut.controller.reporter import Ledger
from kubernaut.controller.state import Caches, Seen
from kubernaut.controller.status import Recorder
from kubernaut.errors import DeniedError, ExistsError, HookError, QuotaError, RejectedError, UnsafeJobError
from kubernaut.jobs.hardening import Hardening
from kubernaut.jobs.ownership import is_job_of
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import Key, Object
from kubernaut.kube.resources import JOBS
from kubernaut.plugins.hook_caller import HookCaller
from kubernaut.settings import Settings
from kubernaut.telemetry.stage_recorder import Recording, recording, stage
from kubernaut.telemetry.stages import WAIT, waited

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Began:
    """Its Job exists and runs."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """It will never run; this is its end."""

    reason: Reason
    message: str
    target: str = ""
    stages: tuple[Stage, ...] = ()
    """What it went through."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Not now. With no `seconds`, whoever is in the way wakes it."""

    reason: Reason
    message: str
    target: str = ""
    seconds: float | None = None
    holds_its_place: bool = True
    """Does it keep its place in the line for its target meanwhile? Who waits for something else holds up nobody."""
    held: bool = False
    """Is it a hold that a person can lift?"""
    since: datetime | None = None
    """When this was found."""


@dataclass(frozen=True, slots=True)
class Starter:
    """Starts executions."""

    cluster: Cluster
    caches: Caches
    checks: Checks
    hooks: HookCaller
    reservations: Reservations
    pace: Pace
    recorder: Recorder
    settings: Settings
    ledger: Ledger

    async def begin(self, seen: Seen) -> Began | Refusal | Wait:
        """Start it if everything allows it now."""
        obj = seen.obj or {}
        if obj["spec"].get("suspend"):
            metadata = obj["metadata"]
            message = f"It waits because spec.suspend is true; let it go: kubernaut resume {metadata['name']} -n {metadata['namespace']}"
            return Wait(Reason.SUSPENDED, message, holds_its_place=False, since=now())
        began = now()
        with recording() as noted:
            outcome = await self._begun(seen, began, noted)
        match outcome:
            case Refusal():
                return replace(outcome, stages=(*waited(obj, began), *noted.stages()))
            case Wait():
                return replace(outcome, since=began)
        return outcome

    async def _begun(self, seen: Seen, began: datetime, noted: Recording) -> Began | Refusal | Wait:
        obj = seen.obj or {}
        verdict = await self.checks.ask(obj)
        if isinstance(verdict, Refused):
            return Refusal(verdict.reason, verdict.message)
        made = self._hold(obj, verdict) or self._reserve(seen.key, obj, verdict) or await self._create(verdict)
        if not isinstance(made, dict):
            self.pace.withdraw(seen.key.namespace, obj["metadata"]["uid"])
            return made
        await self.announce(obj, verdict, made, [*waited(obj, began), *noted.stages()])
        return Began()

    async def announce(self, obj: Object, verdict: Admitted, job: Object, stages: list[Stage]) -> None:
        """Record that it runs; also for a Job that an engine created which did not live to say so."""
        name, account = job["metadata"]["name"], verdict.action.spec.service_account
        requester = verdict.execution.requested_by
        asked = f", as {requester} asked" if requester else ""
        message = f"Job {name} runs as ServiceAccount {account} on {verdict.target}{asked}."
        more: dict[str, Any] = {
            "target": str(verdict.target),
            "requestedBy": requester or None,
            "heldSince": None,
            "jobName": name,
            "startTime": timestamp(next((one.start_time for one in stages if one.name != WAIT), now())),
            "traceparent": verdict.execution.traceparent,
            "conditions": [condition("Validated", True, "ChecksPassed")],
            "stages": [as_json(stage) for stage in stages],
        }
        self.ledger.began(await self.recorder.phase(obj, Phase.RUNNING, None, message, more))
        self.recorder.tell(obj, "Started", message)

    def _reserve(self, key: Key, obj: Object, verdict: Admitted) -> Wait | None:
        metadata = obj["metadata"]
        target = f"{key.namespace}/{verdict.target}"
        refusal = self.reservations.acquire(Request(metadata["creationTimestamp"], metadata["uid"], key, target))
        if refusal is None:
            return None
        if refusal.waiting is Waiting.TARGET and refusal.ahead:
            message = f"Execution {refusal.ahead.name} is before it on {verdict.target}; it starts when that has ended."
            return Wait(Reason.TARGET_BUSY, message, str(verdict.target))
        message = "As many executions run as the engine's settings allow (maxRunning); it starts when one has ended."
        return Wait(Reason.QUEUED, message, str(verdict.target))

    def _hold(self, obj: Object, verdict: Admitted) -> Wait | None:
        hold = self.pace.hold(obj, str(verdict.target), verdict.action.spec.cooldown)
        if hold is None:
            return None
        return Wait(hold.reason, hold.message, str(verdict.target), hold.seconds, holds_its_place=False, held=True)

    async def _created(self, namespace: str, manifest: Object) -> Object:
        """The Job, created. A denial by RBAC counts only from an API server that is ready."""
        try:
            return await self.cluster.create(JOBS, namespace, manifest)
        except DeniedError as error:
            if _by_policy(error):
                raise
            await self.cluster.ready()
            return await self.cluster.create(JOBS, namespace, manifest)

    async def _create(self, verdict: Admitted) -> Object | Refusal | Wait:
        with stage("create-job") as noted:
            made = await self._created_job(verdict)
            noted.error = made.message if isinstance(made, Refusal | Wait) else None
        return made

    async def _created_job(self, verdict: Admitted) -> Object | Refusal | Wait:
        action, execution, target = verdict.action, verdict.execution, str(verdict.target)
        try:
            built = await self.hooks.call(action.name, "build_job", partial(action.hook.build_job, execution=execution))
            manifest = Hardening(execution, action.spec, verdict.target).apply(built)
        except (HookError, UnsafeJobError) as error:
            return Refusal(Reason.PLUGIN_ERROR, f"plugin {action.name} built no usable Job: {error}", target)
        namespace, name = execution.namespace, manifest["metadata"]["name"]
        try:
            job = await self._created(namespace, manifest)
        except ExistsError:
            job = await self.cluster.get(JOBS, namespace, name)
            account = job["spec"]["template"]["spec"].get("serviceAccountName")
            if (
                not is_job_of(job, {"metadata": {"name": execution.name, "uid": execution.uid}})
                or account != action.spec.service_account
            ):
                return Refusal(
                    Reason.LOST,
                    f"Job {name} exists and is not of this execution: delete it and create another execution",
                    target,
                )
        except QuotaError as error:
            message = f"The namespace's quota has no room for its Job: {error}"
            return Wait(
                Reason.QUOTA_EXCEEDED, message, target, self.settings.quota_retry_seconds, holds_its_place=False
            )
        except (RejectedError, DeniedError) as error:
            return _refused(error, action.name, target)
        self.caches.jobs.accept(job)
        return job


def _by_policy(error: Exception) -> bool:
    return any(words in str(error) for words in ("ValidatingAdmissionPolicy", "admission webhook"))


def _refused(error: RejectedError | DeniedError, action: str, target: str) -> Refusal:
    """Whose no it was: the cluster's policies', the API server's, or RBAC's."""
    if _by_policy(error):
        return Refusal(Reason.POLICY_DENIED, f"an admission policy of this cluster refuses its Job: {error}", target)
    if isinstance(error, DeniedError):
        return Refusal(Reason.FORBIDDEN, f"the engine may not create the Job: {error}", target)
    return Refusal(Reason.PLUGIN_ERROR, f"the API server refuses the Job that plugin {action} built: {error}", target)
