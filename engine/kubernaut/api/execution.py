"""The custom resource, as one pydantic model: the single source of the CRD, of parsing and of every reason's meaning."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue
from pydantic.alias_generators import to_camel

from kubernaut.api.plugin import Result

GROUP, VERSION, KIND, PLURAL, SHORT = "kubernaut.io", "v1alpha1", "KubernetesExecution", "kubernetesexecutions", "kex"
API_VERSION = f"{GROUP}/{VERSION}"

MAX_PARAMETERS_BYTES = 96 * 1024
"""Parameters travel to the pod in one environment variable; Linux bounds a single one to 128 KiB (MAX_ARG_STRLEN)."""


UNSEEN_MESSAGE = "No engine has looked at it yet."
"""What the API server itself says of an execution until an engine does."""


class Phase(StrEnum):
    """Where an execution is."""

    PENDING = "Pending"
    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    CANCELLED = "Cancelled"

    @property
    def ended(self) -> bool:
        """Will this phase never change again?"""
        return self in {Phase.SUCCEEDED, Phase.FAILED, Phase.CANCELLED}


class Reason(StrEnum):
    """Why an execution is Pending, Failed or Cancelled."""

    SUSPENDED = "Suspended"
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
    PLUGIN_ERROR = "PluginError"
    ACTION_FAILED = "ActionFailed"
    LOST = "Lost"

    CANCEL_REQUESTED = "CancelRequested"

    @property
    def phase(self) -> Phase:
        """The phase that it is a reason of."""
        if self in _OF_PENDING:
            return Phase.PENDING
        return Phase.CANCELLED if self is Reason.CANCEL_REQUESTED else Phase.FAILED


_OF_PENDING = {
    Reason.SUSPENDED,
    Reason.TARGET_BUSY,
    Reason.QUEUED,
    Reason.QUOTA_EXCEEDED,
    Reason.COOLING_DOWN,
    Reason.BUDGET_EXCEEDED,
}


class _Camel(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)


class ExecutionSpec(_Camel):
    """What is wanted. `action` and `parameters` are immutable."""

    action: Annotated[
        str, Field(min_length=1, max_length=63, description="The action's name, as `kubernaut actions` lists it.")
    ]
    parameters: dict[str, JsonValue] = Field(
        default_factory=dict, description="Checked by the action's own model: `kubernaut actions NAME` shows it."
    )
    dry_run: bool = Field(default=False, description="Stop after the dry run and report the planned changes.")
    suspend: bool = Field(default=False, description="Wait before starting.")
    cancel: bool = Field(default=False, description="Stop it, whatever it is doing.")
    deadline_seconds: Annotated[int, Field(ge=1, le=86_400)] | None = Field(
        default=None, description="Seconds for all attempts together; at most (and by default) what the action allows."
    )
    ttl_seconds_after_finished: Annotated[int, Field(ge=0, le=31_536_000)] = Field(
        default=604_800, description="Seconds after its end when this object is deleted."
    )


class Condition(_Camel):
    """A metav1.Condition."""

    type: Literal["Validated", "DryRunPassed", "Executed", "Verified"]
    status: Literal["True", "False", "Unknown"]
    reason: str
    message: str = ""
    last_transition_time: datetime
    observed_generation: int | None = None


class Stage(_Camel):
    """One stretch of an execution's life, to the microsecond where the clock that saw it is that fine."""

    name: str = Field(
        description="What was going on: `wait`, `validate`, `hook`, `policy`, `rights`, `create-job`, ..."
    )
    start_time: datetime
    end_time: datetime | None = Field(default=None, description="Absent while it lasts.")
    detail: str | None = Field(
        default=None, description="Of what: a reason, a plugin's hook, a policy, a pod, a request."
    )
    within: str | None = Field(default=None, description="The stage that it is a part of.")
    attempt: int | None = Field(default=None, description="The attempt that it belongs to.")
    error: str | None = Field(default=None, description="Why it did not end well.")

    @property
    def seconds(self) -> float:
        """How long it took; 0 while it lasts."""
        return (self.end_time - self.start_time).total_seconds() if self.end_time else 0.0


class ExecutionStatus(_Camel):
    """What happened, as far as is known."""

    phase: Phase = Phase.PENDING
    reason: str | None = Field(
        default=None, description="Why it is Pending, Failed or Cancelled, in one CamelCase word."
    )
    message: str | None = Field(default=None, description="What happened, to what, and what to do next.")
    target: str | None = Field(default=None, description="The object acted on, as Kind/name.")
    conditions: tuple[Condition, ...] = ()
    requested_by: str | None = Field(default=None, description="Who created it, as the admission policies stamped it.")
    held_since: datetime | None = Field(
        default=None, description="Since when it is held by a cooldown or the budget; `kubernaut resume` lets it go."
    )
    job_name: str | None = None
    start_time: datetime | None = None
    completion_time: datetime | None = None
    attempts: int | None = Field(default=None, description="Pods that began the work.")
    traceparent: str | None = Field(default=None, description="The W3C trace context of this execution.")
    observed_generation: int | None = None
    stages: tuple[Stage, ...] = Field(default=(), description="Where the time went.")
    result: Result | None = None
    log_tail: str | None = Field(default=None, description="The last lines of the failed pod's log.")


class KubernetesExecution(BaseModel):
    """One remediation, as a custom resource in the namespace it acts on."""

    spec: ExecutionSpec
    status: ExecutionStatus | None = None
