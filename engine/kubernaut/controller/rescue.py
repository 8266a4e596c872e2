"""Ends an execution that the engine cannot reconcile: a defect of the engine must not leave it running, and its target busy, for ever.

It reads as little as possible, because what it would read may be what cannot be handled.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from kubernaut.admission.admission import Admission
from kubernaut.api.conditions import true_condition
from kubernaut.api.execution import ExecutionStatus, Phase, Reason
from kubernaut.api.timestamps import now, parse_time
from kubernaut.api.view import ExecutionView
from kubernaut.controller.job_control import JobControl
from kubernaut.controller.reporter import ExecutionReporter
from kubernaut.controller.state import Caches
from kubernaut.controller.status import StatusWriter
from kubernaut.jobs.ownership import is_job_of
from kubernaut.jobs.termination import shorten
from kubernaut.kube.objects import Key, Object

log = logging.getLogger(__name__)

MIN_FAILURES = 3
"""How often in a row a reconcile must fail before its execution is given up: a defect that passes is none to end it for."""
_DEFAULT_DEADLINE = timedelta(hours=1)
"""Where neither the execution nor its Job has one."""
_MAX_ERROR_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Rescuer:
    """Ends executions with `EngineError`."""

    caches: Caches
    jobs: JobControl
    status: StatusWriter
    reporter: ExecutionReporter
    admission: Admission

    async def give_up(self, key: Key, error: Exception, failures: int) -> bool:
        """End the execution if its Job has ended or its deadline has passed, and it failed often enough; return whether it did.

        Raises KubernautError where a request fails.
        """
        cached = self.caches.executions.get(key)
        if cached is None or failures < MIN_FAILURES:
            return False
        execution = ExecutionView(cached.json)
        job = self._job(key, execution)
        if not _is_over(execution.json, job):
            return False
        words = shorten(f"{type(error).__name__}: {error}", _MAX_ERROR_LENGTH)
        message = (
            f"The engine failed on this execution, so its result is unknown: check its target. This is a defect of the engine; "
            f"please report it with the traceback in its log. {words}"
        )
        changes = ExecutionStatus(
            phase=Phase.FAILED, reason=Reason.ENGINE_ERROR, message=message, blocked_by=None, completion_time=now()
        )
        written = await self.status.write(execution, changes)
        self.admission.release(execution.uid)
        if job is not None:
            await self.jobs.delete(job, "Background")
        try:
            self.reporter.finished(written)
        except Exception:
            log.exception("the end of execution %s cannot be reported", key)
        return True

    def _job(self, key: Key, execution: ExecutionView) -> Object | None:
        jobs = (cached.json for cached in self.caches.jobs.indexed(str(key)))
        return next((job for job in jobs if is_job_of(job, execution.name, execution.uid)), None)


def _is_over(execution: Any, job: Object | None) -> bool:
    """Whether nothing more is to be expected: its Job has ended, or its deadline has passed."""
    if job is not None and (true_condition(job, "Complete") or true_condition(job, "Failed")):
        return True
    status, spec = execution.get("status") or {}, execution.get("spec") or {}
    started = parse_time(status.get("startTime") or execution["metadata"]["creationTimestamp"])
    seconds = (job or {}).get("spec", {}).get("activeDeadlineSeconds") or spec.get("deadlineSeconds")
    limit = timedelta(seconds=seconds) if seconds else _DEFAULT_DEADLINE
    return started is not None and now() - started > limit
