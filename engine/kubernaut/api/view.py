"""A read-only view of a KubernetesExecution as the API server sent it.

Caches hold the JSON. What every reconcile asks for is read from it directly; `spec` and `status` are parsed through the model when they
are first needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from kubernaut.api.annotations import annotation_problem, read_annotation
from kubernaut.api.execution import DEFAULT_TTL_SECONDS, MAX_PARAMETERS_BYTES, ExecutionSpec, ExecutionStatus, Phase
from kubernaut.api.labels import ANNOTATION_AGENT, ANNOTATION_REQUESTED_BY, ANNOTATION_ROLLBACK_OF
from kubernaut.api.timestamps import refine_timestamp


@dataclass(frozen=True)
class ExecutionView:
    """One KubernetesExecution."""

    json: Mapping[str, Any]
    first_seen: Mapping[str, datetime] = field(default_factory=dict)
    """When this engine first saw a fact about it (`created`, `cancel`), by its own clock."""

    @property
    def name(self) -> str:
        return str(self.json["metadata"]["name"])

    @property
    def namespace(self) -> str:
        return str(self.json["metadata"]["namespace"])

    @property
    def uid(self) -> str:
        return str(self.json["metadata"]["uid"])

    @property
    def annotation_problem(self) -> str:
        """What is wrong with an annotation that the engine reads, or ""."""
        return annotation_problem(self.json["metadata"].get("annotations") or {})

    @property
    def parameters_problem(self) -> str:
        """Return that its parameters are too large, or "". The cache keeps the size of such parameters in their place."""
        size, limit = self.json["spec"].get("parameters"), MAX_PARAMETERS_BYTES // 1024
        return (
            f"parameters: {size // 1024} KiB exceed the {limit} KiB that reach a pod; shorten them"
            if isinstance(size, int)
            else ""
        )

    def annotation(self, name: str) -> str:
        """Return an annotation that the engine reads, or "" if it is missing or not acceptable."""
        return read_annotation(self.json["metadata"].get("annotations") or {}, name)

    @property
    def created(self) -> datetime:
        """When it was created: to the microsecond if this engine saw it appear, else to the second."""
        created = datetime.fromisoformat(self.json["metadata"]["creationTimestamp"])
        return refine_timestamp(created, self.first_seen.get("created"))

    @property
    def requested_by(self) -> str:
        """The user who created it, as admission stamped or the command line wrote it, or ""."""
        return self.annotation(ANNOTATION_REQUESTED_BY)

    @property
    def agent(self) -> str:
        """The program that asked for it with its user's credentials, as it called itself, or ""."""
        return self.annotation(ANNOTATION_AGENT)

    @property
    def rollback_of(self) -> str:
        """The execution that it undoes, or ""; older ones say so in an annotation."""
        return self.undoes or self.annotation(ANNOTATION_ROLLBACK_OF)

    @property
    def action(self) -> str:
        return str(self.json["spec"]["action"])

    @property
    def is_dry_run(self) -> bool:
        return bool(self.json["spec"].get("dryRun"))

    @property
    def approved_plan(self) -> str:
        """The dry run whose plan it carries out, or ""."""
        return str((self.json["spec"].get("approvedPlan") or {}).get("execution") or "")

    @property
    def undoes(self) -> str:
        """The execution whose recorded rollback it is, or ""."""
        return str(self.json["spec"].get("undoes") or "")

    @property
    def is_open_proposal(self) -> bool:
        """Whether it is a dry run whose plan can be approved, and was neither carried out nor rejected, as far as its age allows."""
        status = self.json.get("status") or {}
        return bool(status.get("planDigest")) and not status.get("approval") and not self.is_cancelled

    @property
    def is_rejected(self) -> bool:
        """Whether it is a dry run whose plan nobody can approve any more, because it was cancelled after its end."""
        status = self.json.get("status") or {}
        return bool(status.get("planDigest")) and self.is_cancelled and not status.get("approval")

    @property
    def is_suspended(self) -> bool:
        return bool(self.json["spec"].get("suspend"))

    @property
    def is_cancelled(self) -> bool:
        """Whether someone asked for it to be stopped."""
        return bool(self.json["spec"].get("cancel"))

    @property
    def ttl_seconds(self) -> int:
        """Seconds after its end when it is deleted."""
        return int(self.json["spec"].get("ttlSecondsAfterFinished", DEFAULT_TTL_SECONDS))

    @property
    def phase(self) -> Phase:
        return Phase((self.json.get("status") or {}).get("phase") or Phase.PENDING)

    @property
    def has_ended(self) -> bool:
        return self.phase.ended

    @property
    def job_name(self) -> str:
        """The Job that status records, or ""."""
        return str((self.json.get("status") or {}).get("jobName") or "")

    @property
    def traceparent(self) -> str:
        """The trace context that status records, or ""."""
        return str((self.json.get("status") or {}).get("traceparent") or "")

    @cached_property
    def spec(self) -> ExecutionSpec:
        """The whole spec. Raises pydantic.ValidationError for one that is not valid."""
        return ExecutionSpec.model_validate(self.json["spec"])

    @cached_property
    def status(self) -> ExecutionStatus:
        """The whole status. Raises pydantic.ValidationError for one that no engine of this version wrote."""
        return ExecutionStatus.model_validate(self.json.get("status") or {})
