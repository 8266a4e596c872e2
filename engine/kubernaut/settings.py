"""The engine's configuration: one YAML file, validated as a whole at start-up, with defaults that suit a small cluster.

The same models document it: `kubernaut configuration` prints the file with every field and its meaning.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic.alias_generators import to_camel

from kubernaut.api.plugin import Amount, Label
from kubernaut.api.steps import Rehearsal
from kubernaut.documents import DocumentError, load_yaml, read_document
from kubernaut.errors import InputError
from kubernaut.validation_errors import format_validation_error

DEFAULT_IMAGE = "kubernaut-engine:latest"


class _Section(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        alias_generator=to_camel,
        validate_by_name=True,
        use_attribute_docstrings=True,
    )


class ResourceSettings(_Section):
    """Requests and limits of an action's containers; the plugin declares the defaults."""

    cpu_request: Amount | None = None
    """CPU reserved for each container, such as `50m`."""
    memory_request: Amount | None = None
    """Memory reserved for each container, such as `64Mi`."""
    cpu_limit: Amount | None = None
    """The most CPU that a container can use."""
    memory_limit: Amount | None = None
    """The most memory that a container can use; one that uses more is killed (`OutOfMemory`)."""


_RESERVED_KEYS = ("kubernaut.io/", "batch.kubernetes.io/", "app.kubernetes.io/", "controller-uid", "job-name")
_SECURITY_KEYS = ("container.apparmor.security.beta.kubernetes.io/", "container.seccomp.security.alpha.kubernetes.io/")
_KEY = re.compile(r"([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?", re.ASCII)
_VALUE = re.compile(r"([A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?)?", re.ASCII)


class MetadataSettings(_Section):
    """Labels and annotations for objects that the engine creates: to keep a mesh out of a pod, or to name a job queue."""

    labels: dict[str, str] = Field(default_factory=dict)
    """Labels to add."""
    annotations: dict[str, str] = Field(default_factory=dict)
    """Annotations to add."""

    @field_validator("labels", "annotations")
    @classmethod
    def _usable_keys(cls, given: dict[str, str]) -> dict[str, str]:
        for key in given:
            if not _KEY.fullmatch(key):
                raise ValueError(f"{key!r} is not a valid key: use [PREFIX/]NAME, as in sidecar.istio.io/inject")
            if key.startswith(_RESERVED_KEYS):
                raise ValueError(f"{key} is reserved for the engine and Kubernetes: choose another key")
            if key.startswith(_SECURITY_KEYS):
                raise ValueError(f"{key} would loosen the security of the engine's pods: remove it")
        return given

    @field_validator("labels")
    @classmethod
    def _usable_values(cls, given: dict[str, str]) -> dict[str, str]:
        for key, value in given.items():
            if not _VALUE.fullmatch(value):
                raise ValueError(
                    f"{key}: {value!r} is not a valid label value: at most 63 letters, digits, '-', '_' and '.'"
                )
        return given


class ActionSettings(_Section):
    """What the admin decides about one action; the plugin declares the defaults."""

    enabled: bool = True
    """Whether executions may use the action at all."""
    image: str | None = None
    """The image of its pods, if not the engine's."""
    resources: ResourceSettings = ResourceSettings()
    """Requests and limits of its containers."""
    deadline_seconds: Annotated[int, Field(ge=1, le=86_400)] | None = None
    """Seconds for all attempts together; an execution can ask for less, but not for more."""
    backoff_limit: Annotated[int, Field(ge=0, le=10)] | None = None
    """Attempts after the first."""
    cooldown_seconds: Annotated[int, Field(ge=0, le=86_400)] | None = None
    """Seconds between two executions of this action on the same target; the next one waits (`CoolingDown`)."""
    rehearsal: Rehearsal | None = None
    """Where its dry run takes place, if not where `rehearsal` says for all."""
    job: MetadataSettings = MetadataSettings()
    """Labels and annotations of its Jobs, such as the name of a job queue."""
    pod: MetadataSettings = MetadataSettings()
    """Labels and annotations of its pods, such as those that keep a mesh from adding containers."""
    settings: dict[str, Any] = Field(default_factory=dict)
    """The action's own settings: `kubernaut actions NAME` lists them."""


class BudgetSettings(_Section):
    """The blast radius: how many executions may start in one namespace within one window."""

    executions: Annotated[int, Field(ge=1, le=100_000)]
    """How many may start; further ones wait (`BudgetExceeded`) until a person resumes them."""
    window_seconds: Annotated[int, Field(ge=1, le=604_800)] = 600
    """The length of the window in seconds, which ends now."""


class PlanSettings(_Section):
    """For how long what a dry run planned can be approved and carried out."""

    max_age_seconds: Annotated[int, Field(ge=10, le=604_800)] = 3600
    """Seconds after the end of a dry run in which an execution of its plan must start; a later one is refused (`PlanExpired`)."""


class LeaderElectionSettings(_Section):
    """How replicas of the engine elect the one that works."""

    enabled: bool = True
    """Whether a Lease is used; without it, run a single engine."""
    namespace: Label | None = None
    """The Lease's namespace; by default the engine's own (`POD_NAMESPACE`, else `kubernaut-system`)."""
    name: Label = "kubernaut-engine"
    """The Lease's name; engines that serve different namespaces need one each."""
    lease_seconds: Annotated[int, Field(ge=3, le=300)] = 15
    """Seconds without a renewal after which another engine takes over."""
    renew_seconds: Annotated[int, Field(ge=2, le=299)] = 10
    """Seconds without a renewal after which an engine stops its work and exits."""
    retry_seconds: Annotated[int, Field(ge=1, le=100)] = 2
    """Seconds between renewals, and between attempts to acquire the Lease."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.lease_seconds > self.renew_seconds > 1.2 * self.retry_seconds:
            raise ValueError("leaseSeconds must be more than renewSeconds, and that more than 1.2 times retrySeconds")
        return self


class Settings(_Section):
    """The engine's configuration."""

    image: str = DEFAULT_IMAGE
    """The image of action pods: the engine and its plugins. In a pod, the engine's own image is the default."""
    namespaces: tuple[Label, ...] = Field(default=(), strict=False)
    """The namespaces that this engine serves; empty means all. It watches no other, and needs no permission in any other."""
    max_running: Annotated[int, Field(ge=1, le=10_000)] = 50
    """How many executions may run at a time; the others wait as `Queued`."""
    workers: Annotated[int, Field(ge=1, le=1_000)] = 64
    """How many executions are reconciled at a time."""
    rehearsal: Rehearsal = "initContainer"
    """Where a dry run takes place: in an `initContainer`, or `inline` in the process that then executes, which is faster."""
    hook_limit_seconds: Annotated[float, Field(gt=0, le=300, strict=False)] = 5.0
    """Seconds that one hook of a plugin may take."""
    job_ttl_seconds: Annotated[int, Field(ge=0)] = 300
    """Seconds that a Job and its pods stay after the result is recorded; then the engine deletes them."""
    job_backstop_seconds: Annotated[int, Field(ge=60)] = 86_400
    """Seconds after which Kubernetes itself deletes an ended Job, should the engine never come back: its ttlSecondsAfterFinished."""
    rights_cache_seconds: Annotated[float, Field(ge=0, strict=False)] = 30.0
    """Seconds for which a granted permission is cached."""
    quota_retry_seconds: Annotated[float, Field(gt=0, strict=False)] = 5.0
    """Seconds before an execution that met a full quota is tried again."""
    budget: BudgetSettings | None = None
    """The blast radius in one namespace; unlimited by default."""
    plans: PlanSettings = PlanSettings()
    """Plans that were approved: `kubernaut approve`."""
    leader_election: LeaderElectionSettings = LeaderElectionSettings()
    """How replicas of the engine elect the one that works."""
    probe_port: Annotated[int, Field(ge=0, le=65_535)] = 8080
    """The port of `/livez`, `/readyz`, `/startupz` and `/metrics`; 0 for none."""
    actions: dict[str, ActionSettings] = Field(default_factory=dict)
    """By action name, what differs from the plugin's declaration."""
    policies: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """By policy name, its settings; a policy that is not named here has its defaults."""

    @model_validator(mode="after")
    def _backstop_is_last(self) -> Self:
        if self.job_ttl_seconds > self.job_backstop_seconds:
            raise ValueError(
                "jobTtlSeconds must not be more than jobBackstopSeconds, after which Kubernetes deletes the Job"
            )
        return self

    @classmethod
    def load(cls, file: Path) -> Settings:
        """Return the settings in a file. Raises InputError naming the file, and the field and value of each problem."""
        try:
            content = load_yaml(read_document(file)) or {}
        except DocumentError as error:
            raise InputError(f"configuration {file} is not valid YAML: {error}") from error
        if not isinstance(content, Mapping):
            raise InputError(f"configuration {file} contains {type(content).__name__}, not a mapping")
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            raise InputError(f"configuration {file}: {format_validation_error(error)}") from error
