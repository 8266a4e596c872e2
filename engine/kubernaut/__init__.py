"""Safe, automatic remediation on Kubernetes.

This module is what a plugin's author imports. Each name is loaded on first use, so that the pod side (`kubernaut.runner`) starts
without pydantic, pluggy and `typing`.

Where to read, in the order of one execution (`docs/architecture.md` follows one through all of them):

- `api`: the custom resource, and the values that pass between the engine and its plugins
- `kube`: requests, watches, caches, the work queue, leader election
- `controller`: event handlers, workers, the reconciler, and what writes status; `controller/manager.py` wires everything
- `admission`: what must be true before a Job is created
- `plugins`: discovery, the hook contract, and the calling of hooks
- `jobs`: the Job is built and hardened, and its pods are read back
- `runner`: the other side, inside the pod
- `telemetry`: stages, traces, metrics, logs, the audit record
- `install`: RBAC and manifests, and checks of a cluster
- `cli`: one module per command in `cli/commands`, what they print in `cli/views`
- `embedded`, `testing`, `policies`, `scaffold`: the sandbox with the engine at work, the kit for plugin tests, the policies that ship, and
  the template of `kubernaut new-action`
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from kubernaut.api.fields import TargetField
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
        Target,
    )
    from kubernaut.api.surroundings import Surroundings
    from kubernaut.jobs.builders import command_job, runner_job
    from kubernaut.plugins.hookspecs import hookimpl
    from kubernaut.quantity import Quantity

_HOMES = {
    "hookimpl": "plugins.hookspecs",
    "command_job": "jobs.builders",
    "runner_job": "jobs.builders",
    "Quantity": "quantity",
    "Rule": "api.rules",
    "Surroundings": "api.surroundings",
    "TargetField": "api.fields",
}

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
    "Quantity",
    "Resources",
    "Result",
    "Rollback",
    "Rule",
    "Surroundings",
    "Target",
    "TargetField",
    "command_job",
    "hookimpl",
    "runner_job",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'kubernaut' has no attribute {name!r}")
    return getattr(import_module(f"kubernaut.{_HOMES.get(name, 'api.plugin')}"), name)
