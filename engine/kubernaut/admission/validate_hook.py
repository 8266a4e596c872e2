"""Calls a plugin's `validate` and checks the type of what it returns."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from kubernaut.api.plugin import Execution, Problem
from kubernaut.errors import HookError
from kubernaut.plugins.hook_caller import HookCaller
from kubernaut.plugins.registry import Plugin, Policy

_MAX_SHOWN_PROBLEMS = 5


async def find_problems(hooks: HookCaller, plugin: Plugin, execution: Execution) -> list[Problem]:
    """Return every reason that the plugin gives why the execution must not run.

    Raises HookError where the hook fails, or returns something other than a list of Problem. A policy without an answer has not approved.
    """
    call: Callable[[], Any] = partial(plugin.hook.validate, execution=execution)
    answers = await hooks.call(plugin.name, "validate", call)
    if not answers and (isinstance(plugin, Policy) or plugin.hook.validate.get_hookimpls()):
        raise _wrong_type(plugin, None)
    problems = [problem for answer in answers for problem in (answer if isinstance(answer, list) else [answer])]
    for problem in problems:
        if not isinstance(problem, Problem):
            raise _wrong_type(plugin, problem)
    return problems


def join_problems(problems: list[Problem]) -> str:
    """Return the first few problems in one line."""
    return "; ".join(str(problem) for problem in problems[:_MAX_SHOWN_PROBLEMS])


def _wrong_type(plugin: Plugin, value: object) -> HookError:
    returned = "None" if value is None else type(value).__name__
    return HookError(f"validate of plugin {plugin.name} returned {returned}, not a list of Problem")
