"""What the engine's admin decides; the defaults suit a small cluster."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

DEFAULT_IMAGE = "kubernaut-engine:latest"


class Settings(BaseModel):
    """The engine's configuration."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    image: str = DEFAULT_IMAGE
    """The image of action pods: the engine and its plugins."""
    max_running: Annotated[int, Field(ge=1)] = 50
    """Executions that may run at a time; the others wait as `Queued`."""
    workers: Annotated[int, Field(ge=1)] = 16
    """Keys that are reconciled at a time."""
    hook_limit_seconds: Annotated[float, Field(gt=0)] = 5.0
    """How long one hook of a plugin may take."""
    job_ttl_seconds: Annotated[int, Field(ge=0)] = 300
    """How long a Job stays after its result is recorded."""
    rights_cache_seconds: Annotated[float, Field(ge=0)] = 30.0
    """How long a granted right is believed without asking again."""
    quota_retry_seconds: Annotated[float, Field(gt=0)] = 5.0
    """How long an execution waits before it tries a full quota again."""
