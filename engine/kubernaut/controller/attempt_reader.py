"""Reads what an execution's pods report, and drops what they cannot have been asked for.

A pod may be compromised, and a rollback is built from what it reports and carried out by a person. So a change counts only if the
execution's own parameters allow it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kubernaut.admission.admission import Admission
from kubernaut.admission.decisions import Rejected
from kubernaut.api.fields import ReportableFields, fields_of_target
from kubernaut.api.view import ExecutionView
from kubernaut.jobs.attempts import Attempt, believe, read_attempts
from kubernaut.kube.objects import CachedObject


@dataclass(frozen=True, slots=True)
class AttemptReader:
    """Reads the attempts of executions."""

    admission: Admission

    async def read(self, execution: ExecutionView, pods: Sequence[CachedObject]) -> tuple[Attempt, ...]:
        """Return the pods as attempts, oldest first, with what is believed of their reports."""
        attempts = read_attempts(pods)
        if not any(step.report and step.report.changes for attempt in attempts for step in attempt.steps):
            return attempts
        return believe(attempts, await self._fields(execution))

    async def _fields(self, execution: ExecutionView) -> ReportableFields:
        admitted = await self.admission.resolve(execution)
        return fields_of_target(execution.status.target or "") if isinstance(admitted, Rejected) else admitted.fields
