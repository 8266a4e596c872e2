"""Safe, automatic remediation on Kubernetes.

What a plugin's author needs is here; each name is loaded on first use, so that the pod side (`kubernaut.runner`) starts
without pydantic, pluggy and `typing`.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from kubernaut.api.plugin import (
        HOOK_VERSION,
        ActionSpec,
        Change,
        Execution,
        Label,
        NoSettings,
        ObjectName,
        Parameters,
        PolicySpec,
        Problem,
        Resources,
        Result,
        Rollback,
        Rule,
        Surroundings,
        Target,
    )
    from kubernaut.jobs.builders import command_job, runner_job
    from kubernaut.plugins.hookspecs import hookimpl

_HOMES = {"hookimpl": "plugins.hookspecs", "command_job": "jobs.builders", "runner_job": "jobs.builders"}

__all__ = [
    "HOOK_VERSION",
    "ActionSpec",
    "Change",
    "Execution",
    "Label",
    "NoSettings",
    "ObjectName",
    "Parameters",
    "PolicySpec",
    "Problem",
    "Resources",
    "Result",
    "Rollback",
    "Rule",
    "Surroundings",
    "Target",
    "command_job",
    "hookimpl",
    "runner_job",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'kubernaut' has no attribute {name!r}")
    return getattr(import_module(f"kubernaut.{_HOMES.get(name, 'api.plugin')}"), name)
