"""The arguments of the tools: each model is a tool's input schema. Values given as text are converted where the type is another."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from kubernaut.api.execution import Phase

MAX_WAIT_SECONDS = 300


def _from_text(value: Any) -> Any:
    """Return the mapping that a text holds as JSON; agents often send one in place of the mapping itself."""
    if isinstance(value, str):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


Parameters = Annotated[dict[str, Any], BeforeValidator(_from_text)]
_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_NAME = r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?"
"""Names become parts of paths: nothing that could lead to another object gets that far."""
Namespace = Annotated[
    str,
    Field(
        max_length=63,
        pattern=f"^({_LABEL})?$",
        description="The namespace; that of the user's kubeconfig if you leave it out.",
    ),
]
ExecutionName = Annotated[
    str, Field(min_length=1, max_length=253, pattern=f"^{_NAME}$", description="The execution's name.")
]
RunName = Annotated[str, Field(max_length=63, pattern=f"^({_LABEL})?$", description="The name of a run of a runbook.")]


class Arguments(BaseModel):
    """What every tool takes."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class InNamespace(Arguments):
    """What every tool takes that asks the cluster."""

    namespace: Namespace = ""


class NamedAction(Arguments):
    """An action."""

    action: Annotated[str, Field(description="The action's name, as list_actions has it.")]


class Act(InNamespace):
    """An action with its parameters."""

    parameters: Parameters
    """The action's parameters."""
    wait_seconds: Annotated[int, Field(ge=0, le=MAX_WAIT_SECONDS)] = 30
    """How long to wait for its end before the tool answers; afterwards wait_for goes on waiting."""


class ActRunbook(InNamespace):
    """A runbook with its parameters."""

    runbook: Annotated[str, Field(min_length=1, max_length=63, pattern=f"^{_LABEL}$")]
    """The runbook's name, as list_runbooks has it."""
    parameters: Parameters = {}
    """The runbook's parameters."""
    wait_seconds: Annotated[int, Field(ge=0, le=MAX_WAIT_SECONDS)] = 30
    """How long to wait for the end of all steps before the tool answers."""


class NamedExecution(InNamespace):
    """An execution."""

    execution: ExecutionName


class Undo(NamedExecution):
    """An execution to undo."""

    wait_seconds: Annotated[int, Field(ge=0, le=MAX_WAIT_SECONDS)] = 30
    """How long to wait for its end before the tool answers."""


class WaitFor(InNamespace):
    """What to wait for: an execution, or all executions of a run."""

    execution: Annotated[str, Field(max_length=253, pattern=f"^({_NAME})?$")] = ""
    """The execution to wait for."""
    run: RunName = ""
    until: Literal["ended", "carried_out"] = "ended"
    """`carried_out`, for a proposal: until a person has rejected it, or approved it and what carries it out has ended."""
    seconds: Annotated[int, Field(ge=1, le=MAX_WAIT_SECONDS)] = 45
    """How long at most."""


class ListExecutions(InNamespace):
    """Which executions."""

    phases: Annotated[list[Phase], Field(max_length=6)] = []
    """Only those in one of these phases."""
    proposals: bool = False
    """Only plans that a person has not approved yet."""
    mine: bool = False
    """Only those that you asked for, by the name of your client."""
    run: RunName = ""
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    """How many, the newest."""


class History(InNamespace):
    """Which audit records."""

    since: Annotated[str, Field(max_length=40)] = ""
    """Created since then: 24h, 7d, or a time such as 2026-11-01T09:00 (UTC)."""
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    """How many, the newest."""
