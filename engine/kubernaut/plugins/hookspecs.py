"""The hooks of plugins. An action's hooks are called for its own executions; a policy's `validate` is called for every execution.

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
    """Return what this action is and the least that it needs, or what this policy is; called once, at start-up."""


@hookspec
def validate(execution: Execution) -> list[Problem]:  # type: ignore[empty-body]
    """Return every reason why this execution must not run; an empty list approves it."""


@hookspec(firstresult=True)
def build_job(execution: Execution) -> dict[str, Any]:  # type: ignore[empty-body]
    """Return the Job that carries it out, built with `runner_job` or `command_job`."""


@hookspec(firstresult=True)
def on_complete(execution: Execution, result: Result) -> Rollback | None:
    """Return the rollback of an execution that has ended, or None."""
