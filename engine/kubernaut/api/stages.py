"""Where the time of an execution went. `stored_stages` is how the API server has it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from kubernaut.api.model import CamelCase, Text


def _no_default(schema: dict[str, Any]) -> None:
    """Keep a default out of the CRD: the API server would write it into every object."""
    del schema["default"]


class StageRequest(CamelCase):
    """The request to the API server that a stage of the name `request` was."""

    verb: Text = Field(description="The HTTP method, or WATCH.")
    resource: Text = Field(description="The resource, and where known its group and version: `apps/v1/deployments`.")
    name: Text | None = Field(default=None, description="The object's name.")
    code: int = Field(
        default=0, description="The HTTP status code; absent where no answer came.", json_schema_extra=_no_default
    )
    count: int = Field(
        default=1, description="How many times in a row it was sent; absent for once.", json_schema_extra=_no_default
    )

    def __str__(self) -> str:
        times = f" ({self.count} times)" if self.count > 1 else ""
        return f"{self.verb} {self.resource}{f' {self.name}' if self.name else ''} {self.code:03}{times}"


class StageSubject(CamelCase):
    """What a stage was, without its times."""

    name: str = Field(
        description="What was being done: `wait`, `validate`, `hook`, `policy`, `rights`, `create-job`, ..."
    )
    detail: Text | None = Field(default=None, description="Its subject: a reason, a plugin's hook, a policy, a pod.")
    request: StageRequest | None = Field(default=None, description="The request that it was.")
    within: str | None = Field(default=None, description="The stage that it is a part of.")
    attempt: int | None = Field(default=None, description="The attempt that it belongs to, from 1.")
    error: Text | None = Field(default=None, description="Why it failed.")


class Stage(StageSubject):
    """One stage of an execution, to the microsecond where the clock that measured it is that fine."""

    start_time: datetime
    end_time: datetime | None = None
    """None while it lasts."""

    @property
    def seconds(self) -> float:
        """How long it took, in seconds; 0 while it lasts."""
        return (self.end_time - self.start_time).total_seconds() if self.end_time else 0.0
