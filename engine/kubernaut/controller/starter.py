"""Starts executions: admits one, creates its Job, and records that it is running.

A crash in between is safe: the Job's name is derived from the execution's uid, so the next engine finds the Job and adopts it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from kubernaut.admission.admission import Admission
from kubernaut.admission.decisions import Admitted, Deferred, Rejected
from kubernaut.api.conditions import make_condition, with_conditions
from kubernaut.api.execution import ExecutionStatus, Phase, Reason
from kubernaut.api.labels import ANNOTATION_TARGET
from kubernaut.api.stages import Stage
from kubernaut.api.timestamps import now
from kubernaut.api.view import ExecutionView
from kubernaut.controller.completion import CompletionWriter
from kubernaut.controller.launcher import Launcher
from kubernaut.controller.plans import Plans
from kubernaut.controller.reporter import ExecutionReporter
from kubernaut.controller.result import Done, ReconcileResult, RequeueAfter
from kubernaut.controller.state import Adopt
from kubernaut.controller.status import StatusWriter
from kubernaut.jobs.termination import shorten
from kubernaut.kube.objects import Object
from kubernaut.telemetry.stage_recorder import recording, stage
from kubernaut.telemetry.stages import WAIT, close_wait, open_wait
from kubernaut.telemetry.trace_context import trace_context

log = logging.getLogger(__name__)

_MAX_CONDITION_MESSAGE_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Starter:
    """Starts what is admitted, and records what is not."""

    admission: Admission
    launcher: Launcher
    status: StatusWriter
    reporter: ExecutionReporter
    completion: CompletionWriter
    plans: Plans

    async def start(self, execution: ExecutionView) -> ReconcileResult:
        """Start an execution if it may run now; else record why it waits, or that it is rejected."""
        began = now()
        with recording() as recorded:
            admitted = await self.admission.admit(execution)
            launched = await self._launch(execution, admitted) if isinstance(admitted, Admitted) else admitted
        stages = [*close_wait(execution, began), *recorded.stages()]
        if isinstance(launched, Deferred):
            await self._record_wait(execution, launched, began)
            return RequeueAfter(launched.retry_after) if launched.retry_after else Done()
        if isinstance(launched, Rejected):
            await self.completion.reject(execution, launched, stages)
        elif isinstance(admitted, Admitted):
            await self._record_running(execution, admitted, launched, stages)
        return Done()

    async def adopt(self, found: Adopt) -> ReconcileResult:
        """Take over the Job of an engine that died before it could record it. One that may not run now is recorded too, and then stopped.

        Whatever became of that Job, the execution never gets a second one: its pod may have acted already.
        """
        execution, job = found.execution, found.job
        with recording() as recorded, stage("adopt", job["metadata"]["name"]):
            decision = await self.admission.readmit(execution)
        if isinstance(decision, Admitted):
            account, wanted = job["spec"]["serviceAccountName"], decision.action.spec.service_account
            if account == wanted:
                await self.plans.claim(execution, decision)
                created = datetime.fromisoformat(job["metadata"]["creationTimestamp"])
                stages = [*close_wait(execution, created), *recorded.stages()]
                await self._record_running(execution, decision, job, stages)
                return RequeueAfter(0.0)
            message = f"its Job runs as ServiceAccount {account}, and not as {wanted}"
            decision = Rejected(Reason.FORBIDDEN, message)
        await self._record_refused(execution, job, decision)
        return RequeueAfter(0.0)

    async def _record_refused(self, execution: ExecutionView, job: Object, rejected: Rejected) -> None:
        """Record a Job that may not run; the monitor stops it, and ends the execution with what it did until then."""
        name, annotations = job["metadata"]["name"], job["metadata"].get("annotations") or {}
        log.warning("Job %s/%s is not allowed to run: it is stopped", execution.namespace, name)
        message = shorten(rejected.message, _MAX_CONDITION_MESSAGE_LENGTH)
        validated = make_condition("Validated", False, rejected.reason, message)
        changes = ExecutionStatus(
            phase=Phase.RUNNING,
            reason=None,
            message=f"Job {name} is being stopped: {message}",
            target=annotations.get(ANNOTATION_TARGET) or execution.status.target,
            blocked_by=None,
            held_since=None,
            requested_by=execution.requested_by or None,
            job_name=name,
            start_time=datetime.fromisoformat(job["metadata"]["creationTimestamp"]),
            traceparent=str(trace_context(execution)),
            conditions=with_conditions(execution.status.conditions, validated),
        )
        self.reporter.started(await self.status.write(execution, changes))

    async def _launch(self, execution: ExecutionView, admitted: Admitted) -> Object | Rejected | Deferred:
        await self.plans.claim(execution, admitted)
        launched = await self.launcher.launch(admitted)
        if isinstance(launched, Rejected | Deferred):
            self.admission.not_started(execution, launched if isinstance(launched, Deferred) else None)
        return launched

    async def _record_running(
        self, execution: ExecutionView, admitted: Admitted, job: Object, stages: Iterable[Stage]
    ) -> None:
        stages, name, plan = tuple(stages), job["metadata"]["name"], admitted.execution.approved_plan
        requester, target = admitted.execution.requested_by, str(admitted.execution.target)
        requested = f", requested by {requester}" if requester else ""
        account = admitted.action.spec.service_account
        changes = ExecutionStatus(
            phase=Phase.RUNNING,
            reason=None,
            message=f"Job {name} is running as ServiceAccount {account} on {target}{requested}.",
            target=target,
            blocked_by=None,
            held_since=None,
            requested_by=requester or None,
            job_name=name,
            plugin=admitted.action.distribution,
            proposed_by=plan.proposed_by or None if plan else None,
            start_time=next((stage.start_time for stage in stages if stage.name != WAIT), now()),
            traceparent=admitted.execution.traceparent,
            conditions=with_conditions(execution.status.conditions, make_condition("Validated", True, "ChecksPassed")),
            stages=stages,
        )
        self.reporter.started(await self.status.write(execution, changes))

    async def _record_wait(self, execution: ExecutionView, deferred: Deferred, since: datetime) -> None:
        """Record that it waits, and for what; for a hold also since when, because that is what a person lifts."""
        status = execution.status
        is_same_hold = status.held_since is not None and status.reason == deferred.reason
        stages = open_wait(execution, deferred.reason, since)
        changes = ExecutionStatus(
            phase=Phase.PENDING,
            reason=deferred.reason,
            message=deferred.message,
            blocked_by=deferred.blocked_by,
            predecessors=deferred.predecessors or status.predecessors,
            target=deferred.target or status.target,
            held_since=now() if deferred.is_hold and not is_same_hold else status.held_since,
            stages=tuple(stages) if stages is not None else status.stages,
            traceparent=str(trace_context(execution)),
        )
        await self.status.write(execution, changes)
