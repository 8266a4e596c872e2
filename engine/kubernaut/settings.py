"""The engine's configuration: one YAML file, checked whole at start-up; what it leaves out has a default that suits a small cluster.

The same models document the file: `docs/configuration.md` is rendered from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from kubernaut.errors import InputError
from kubernaut.faults import told_faults
from kubernaut.types import Label, Quantity

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
    settings: dict[str, Any] = Field(default_factory=dict)
    """The action's own settings: `kubernaut actions NAME` lists them."""


class Settings(_Section):
    """The engine's configuration."""

    image: str = DEFAULT_IMAGE
    """The image of action pods: the engine and its plugins."""
    namespaces: tuple[Label, ...] = Field(default=(), strict=False)
    """Namespaces whose executions are carried out; empty means every one. Elsewhere they are refused (`PolicyDenied`)."""
    max_running: Annotated[int, Field(ge=1, le=10_000)] = 50
    """Executions that may run at a time; the others wait as `Queued`."""
    workers: Annotated[int, Field(ge=1, le=1_000)] = 16
    """Executions that are looked at at a time."""
    hook_limit_seconds: Annotated[float, Field(gt=0, le=300, strict=False)] = 5.0
    """How long one hook of a plugin may take."""
    job_ttl_seconds: Annotated[int, Field(ge=0)] = 300
    """How long a Job and its pods stay after the result is recorded."""
    rights_cache_seconds: Annotated[float, Field(ge=0, strict=False)] = 30.0
    """How long a granted right is believed without asking again."""
    quota_retry_seconds: Annotated[float, Field(gt=0, strict=False)] = 5.0
    """How long an execution waits before it tries a full quota again."""
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
            raise InputError(f"configuration {file}: {told_faults(error)}") from error
