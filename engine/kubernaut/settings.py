"""The engine's configuration: one YAML file, checked whole at start-up; what it leaves out has a default that suits a small cluster.

The same models document the file: `docs/configuration.md` is rendered from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from kubernaut.api.plugin import Label, Quantity
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
    """Requests and limits of an action's containers; what is left out is as the plugin declares."""

    cpu_request: Quantity | None = None
    """CPU that is reserved for each container, such as `50m`."""
    memory_request: Quantity | None = None
    """Memory that is reserved for each container, such as `64Mi`."""
    cpu_limit: Quantity | None = None
    """CPU that a container may use at most."""
    memory_limit: Quantity | None = None
    """Memory that a container may use at most; one that uses more is killed (`OutOfMemory`)."""


class ActionSettings(_Section):
    """What the admin decides about one action; what is left out is as the plugin declares."""

    enabled: bool = True
    """Whether executions may use the action at all."""
    image: str | None = None
    """The image of its pods, if not the engine's."""
    resources: ResourceSettings = ResourceSettings()
    """Requests and limits of its containers."""
    deadline_seconds: Annotated[int, Field(ge=1, le=86_400)] | None = None
    """Seconds for all attempts together; an execution may ask for less, never for more."""
    backoff_limit: Annotated[int, Field(ge=0, le=10)] | None = None
    """Attempts after the first."""
    cooldown_seconds: Annotated[int, Field(ge=0, le=86_400)] | None = None
    """How long the same target is left alone after an execution of this action; the next one waits (`CoolingDown`)."""
    settings: dict[str, Any] = Field(default_factory=dict)
    """The action's own settings: `kubernaut actions NAME` lists them."""


class BudgetSettings(_Section):
    """The blast radius: how many executions may start in one namespace within one window."""

    executions: Annotated[int, Field(ge=1, le=100_000)]
    """So many may start; what comes beyond waits (`BudgetExceeded`) until a person resumes it."""
    window_seconds: Annotated[int, Field(ge=1, le=604_800)] = 600
    """Within so many seconds, looking back from now."""


class LeaderElectionSettings(_Section):
    """How replicas of the engine agree on the one that works."""

    enabled: bool = True
    """Whether a Lease is held; without it, run one engine alone."""
    namespace: Label | None = None
    """Where the Lease is; the engine's own namespace (`POD_NAMESPACE`, else `kubernaut-system`) by default."""
    name: Label = "kubernaut-engine"
    """Its name: engines that serve different namespaces need one each."""
    lease_seconds: Annotated[int, Field(ge=3, le=300)] = 15
    """After so long without renewal another engine takes over."""
    renew_seconds: Annotated[int, Field(ge=2, le=299)] = 10
    """An engine that has not renewed for so long stops its work and exits."""
    retry_seconds: Annotated[int, Field(ge=1, le=100)] = 2
    """How often it renews, or looks whether the Lease is free."""

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
    """Namespaces that this engine serves; empty means every one. It watches no other, and needs no right in any other."""
    max_running: Annotated[int, Field(ge=1, le=10_000)] = 50
    """Executions that may run at a time; the others wait as `Queued`."""
    workers: Annotated[int, Field(ge=1, le=1_000)] = 64
    """Executions that are looked at at a time."""
    hook_limit_seconds: Annotated[float, Field(gt=0, le=300, strict=False)] = 5.0
    """How long one hook of a plugin may take."""
    job_ttl_seconds: Annotated[int, Field(ge=0)] = 300
    """How long a Job and its pods stay after the result is recorded."""
    rights_cache_seconds: Annotated[float, Field(ge=0, strict=False)] = 30.0
    """How long a granted right is believed without asking again."""
    quota_retry_seconds: Annotated[float, Field(gt=0, strict=False)] = 5.0
    """How long an execution waits before it tries a full quota again."""
    budget: BudgetSettings | None = None
    """The blast radius of one namespace; none by default."""
    leader_election: LeaderElectionSettings = LeaderElectionSettings()
    """How replicas of the engine agree on the one that works."""
    probe_port: Annotated[int, Field(ge=0, le=65_535)] = 8080
    """Where `/livez`, `/readyz`, `/startupz` and `/metrics` are served; 0 serves none."""
    actions: dict[str, ActionSettings] = Field(default_factory=dict)
    """By action name: what differs from the plugin's own declaration."""
    policies: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """By policy name: its settings. A policy that is not named here is asked with its defaults."""

    @classmethod
    def load(cls, file: Path) -> Settings:
        """Read the file; raises InputError naming file, field and value of each fault."""
        try:
            content = yaml.safe_load(file.read_text("utf-8")) or {}
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise InputError(f"configuration {file} cannot be read as YAML: {error}") from error
        if not isinstance(content, Mapping):
            raise InputError(f"configuration {file} holds {type(content).__name__}, not a mapping")
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            raise InputError(f"configuration {file}: {format_validation_error(error)}") from error
