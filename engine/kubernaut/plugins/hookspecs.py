"""What a plugin may answer. An action is asked alone; a policy is asked (through `validate`) about every execution.

Hooks are plain functions, quick and pure: they run off the event loop under a time limit, and never touch a cluster.
"""

from __future__ import annotations

from typing import Any

import pluggy

from kubernaut.api.plugin import ActionSpec, Execution, PolicySpec, Problem, Result, Rollback

hookspec = pluggy.HookspecMarker("kubernaut")
hookimpl = pluggy.HookimplMarker("kubernaut")


@hookspec(firstresult=True)
def describe() -> ActionSpec | PolicySpec:  # type: ignore[empty-body]
    """Say what this action is and the least it needs, or what this policy is; asked once, at start-up."""


@hookspec
def validate(execution: Execution) -> list[Problem]:  # type: ignore[empty-body]
    """Return every reason why this execution may not run; an empty list approves it."""


@hookspec(firstresult=True)
def build_job(execution: Execution) -> dict[str, Any]:  # type: ignore[empty-body]
    """Return the Job that carries it out, built with `runner_job` or `command_job`."""


@hookspec(firstresult=True)
def on_complete(execution: Execution, result: Result) -> Rollback | None:
    """Look at the end of an execution, and hand back what would undo it (or None)."""
