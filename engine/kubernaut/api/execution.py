"""The custom resource as one pydantic model: the CRD is rendered from it, and status is read and written through it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field, JsonValue, PlainSerializer
from pydantic.alias_generators import to_camel

from kubernaut.api.model import CamelCase, Text
from kubernaut.api.plugin import Result
from kubernaut.api.stages import Stage
from kubernaut.api.stored_stages import StoredStage, pack, unpack
from kubernaut.plan_digest import PATTERN

GROUP, VERSION, KIND, PLURAL, SHORT = "kubernaut.io", "v1alpha1", "KubernetesExecution", "kubernetesexecutions", "kex"
API_VERSION = f"{GROUP}/{VERSION}"

MAX_PARAMETERS_BYTES = 96 * 1024
"""Parameters travel to the pod in one environment variable; Linux bounds a single one to 128 KiB (MAX_ARG_STRLEN)."""

DEFAULT_TTL_SECONDS = 604_800
UNOBSERVED_MESSAGE = "No engine has picked it up yet."
"""The default message, which the API server itself sets (CRD). Until an engine writes status, `observedGeneration` is absent."""


class Phase(StrEnum):
    """How far an execution is."""

    PENDING = "Pending"
    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    CANCELLED = "Cancelled"
    SKIPPED = "Skipped"

    @property
    def ended(self) -> bool:
        """Whether this phase is final."""
        return self in {Phase.SUCCEEDED, Phase.FAILED, Phase.CANCELLED, Phase.SKIPPED}


class Reason(StrEnum):
    """Why an execution is Pending, Failed, Skipped or Cancelled. Those of Pending are listed in PENDING_REASONS."""

    SUSPENDED = "Suspended"
    WAITING_FOR_PREDECESSOR = "WaitingForPredecessor"
    TARGET_BUSY = "TargetBusy"
    QUEUED = "Queued"
    QUOTA_EXCEEDED = "QuotaExceeded"
    COOLING_DOWN = "CoolingDown"
    BUDGET_EXCEEDED = "BudgetExceeded"

    INVALID_PARAMETERS = "InvalidParameters"
    UNKNOWN_ACTION = "UnknownAction"
    ACTION_UNAVAILABLE = "ActionUnavailable"
    POLICY_DENIED = "PolicyDenied"
    FORBIDDEN = "Forbidden"
    DRY_RUN_REJECTED = "DryRunRejected"
    DEADLINE_EXCEEDED = "DeadlineExceeded"
    RETRIES_EXHAUSTED = "RetriesExhausted"
    OUT_OF_MEMORY = "OutOfMemory"
    IMAGE_PULL_FAILED = "ImagePullFailed"
    CONTAINER_FAILED = "ContainerFailed"
    PLUGIN_ERROR = "PluginError"
    ACTION_FAILED = "ActionFailed"
    LOST = "Lost"
    ENGINE_ERROR = "EngineError"

    PLAN_NOT_FOUND = "PlanNotFound"
    PLAN_EXPIRED = "PlanExpired"
    PLAN_USED = "PlanUsed"
    PLAN_CHANGED = "PlanChanged"

    PREDECESSOR_CYCLE = "PredecessorCycle"
    NOTHING_TO_UNDO = "NothingToUndo"
    DIVERGED = "Diverged"

    CONDITION_NOT_MET = "ConditionNotMet"
    PREDECESSOR_NOT_FOUND = "PredecessorNotFound"

    CANCEL_REQUESTED = "CancelRequested"

    @property
    def phase(self) -> Phase:
        """The phase that this reason explains."""
        if self in PENDING_REASONS:
            return Phase.PENDING
        if self in {Reason.CONDITION_NOT_MET, Reason.PREDECESSOR_NOT_FOUND}:
            return Phase.SKIPPED
        return Phase.CANCELLED if self is Reason.CANCEL_REQUESTED else Phase.FAILED


PENDING_REASONS = {
    Reason.SUSPENDED,
    Reason.WAITING_FOR_PREDECESSOR,
    Reason.TARGET_BUSY,
    Reason.QUEUED,
    Reason.QUOTA_EXCEEDED,
    Reason.COOLING_DOWN,
    Reason.BUDGET_EXCEEDED,
}


class ApprovedPlanRef(CamelCase):
    """Which dry run was approved: nothing but what it planned is carried out."""

    execution: Annotated[str, Field(min_length=1, max_length=63, description="The dry run, in the same namespace.")]
    digest: Annotated[str, Field(pattern=PATTERN, description="Its `status.planDigest`.")]


class Approval(CamelCase):
    """Which execution carries out the plan of this dry run. There is only ever one."""

    execution: str
    uid: str
    requested_by: Text | None = Field(
        default=None, description="Who approved it, as the admission policies stamped it."
    )
    time: datetime


class Predecessor(CamelCase):
    """An execution that must have ended before."""

    execution: Annotated[str, Field(min_length=1, max_length=63, description="Its name, in the same namespace.")]
    when: Literal["Succeeded", "Failed", "Ended"] = Field(
        default="Succeeded", description="How it must have ended. Cancelled and Skipped count as Ended alone."
    )


class PredecessorEnd(CamelCase):
    """How a predecessor ended, as it was seen."""

    execution: str
    uid: str
    phase: Phase | None = Field(default=None, description="Absent for one that was deleted before it ended.")


class ExecutionSpec(CamelCase):
    """What is wanted. Only suspend, cancel, deadlineSeconds and ttlSecondsAfterFinished can be changed later."""

    action: Annotated[
        str, Field(min_length=1, max_length=63, description="The action's name, as `kubernaut actions` lists it.")
    ]
    parameters: dict[str, JsonValue] = Field(
        default_factory=dict, description="Checked by the action's own model: `kubernaut actions NAME` shows it."
    )
    dry_run: bool = Field(default=False, description="Stop after the dry run and report the planned changes.")
    approved_plan: ApprovedPlanRef | None = Field(
        default=None,
        description="The dry run whose plan was approved. If the plan has changed since, nothing is done (PlanChanged).",
    )
    after: Annotated[tuple[Predecessor, ...], Field(max_length=8)] = Field(
        default=(), description="It waits until each of these has ended so; once one cannot, it is Skipped."
    )
    undoes: Annotated[str, Field(min_length=1, max_length=63)] | None = Field(
        default=None,
        description="The execution that it undoes, unless somebody has changed since what that one left; instead of parameters.",
    )
    suspend: bool = Field(default=False, description="Wait before starting.")
    cancel: bool = Field(default=False, description="Stop it, whatever it is doing.")
    deadline_seconds: Annotated[int, Field(ge=1, le=86_400)] | None = Field(
        default=None, description="Seconds for all attempts together; at most (and by default) what the action allows."
    )
    ttl_seconds_after_finished: Annotated[int, Field(ge=0, le=31_536_000)] = Field(
        default=DEFAULT_TTL_SECONDS, description="Seconds after its end when this object is deleted."
    )


ConditionType = Literal["Validated", "PodReady", "DryRunPassed", "Executed", "Verified"]


class Condition(CamelCase):
    """A metav1.Condition."""

    type: ConditionType
    status: Literal["True", "False", "Unknown"]
    reason: str
    message: Text = ""
    last_transition_time: datetime
    observed_generation: int | None = None


Stages = Annotated[
    tuple[Stage, ...],
    BeforeValidator(unpack, json_schema_input_type=tuple[StoredStage, ...]),
    PlainSerializer(pack, when_used="json"),
]
"""Stages, which the API server has in another form (`api.stored_stages`)."""


class ExecutionStatus(CamelCase):
    """What happened, as far as is known."""

    phase: Phase = Phase.PENDING
    reason: str | None = Field(
        default=None, description="Why it is Pending, Failed, Skipped or Cancelled, in one CamelCase word."
    )
    message: Text | None = Field(default=None, description="What happened, to what, and what to do next.")
    target: Text | None = Field(default=None, description="The object acted on, as Kind/name.")
    conditions: tuple[Condition, ...] = ()
    blocked_by: str | None = Field(default=None, description="The execution that it waits for.")
    predecessors: tuple[PredecessorEnd, ...] = Field(
        default=(), description="Which of those that it comes after have ended, while it waits for others."
    )
    requested_by: Text | None = Field(default=None, description="Who created it, as the admission policies stamped it.")
    held_since: datetime | None = Field(
        default=None, description="When a cooldown or the budget began to hold it; `kubernaut resume` lifts the hold."
    )
    job_name: str | None = None
    plugin: str | None = Field(
        default=None, description="The distribution and version whose plugin built the Job: `kubernaut-scale 0.1.0`."
    )
    start_time: datetime | None = None
    completion_time: datetime | None = None
    attempts: int | None = Field(default=None, description="Pods that began the work.")
    traceparent: str | None = Field(default=None, description="The W3C trace context of this execution.")
    observed_generation: int | None = None
    stages: Stages = Field(default=(), description="Where the time went.")
    result: Result | None = None
    plan_digest: str | None = Field(
        default=None, description="The digest of action, parameters and planned changes, which an approval names."
    )
    approval: Approval | None = Field(
        default=None, description="The execution that carries out what this dry run planned."
    )
    proposed_by: Text | None = Field(default=None, description="Who asked for the dry run that it carries out.")
    log_tail: Text | None = Field(default=None, description="The last lines of the failed pod's log.")

    def condition(self, kind: ConditionType) -> Condition | None:
        """Return the condition of this type, or None."""
        return next((condition for condition in self.conditions if condition.type == kind), None)

    def merge_patch(self) -> dict[str, Any]:
        """Return the JSON merge patch that writes the fields given at construction: null for those that are None."""
        given = self.model_fields_set
        removed = {to_camel(name): None for name in given if getattr(self, name) is None}
        written = self.model_dump(mode="json", by_alias=True, exclude_none=True, include=given)
        return {**written, **removed}


class KubernetesExecution(BaseModel):
    """One remediation, as a custom resource in the namespace it acts on."""

    spec: ExecutionSpec
    status: ExecutionStatus | None = None
