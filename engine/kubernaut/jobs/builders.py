"""Builds the Job manifests that plugins return: this plugin's own code, or any image's command line.

Either way a Job has two steps: `dry-run`, an initContainer, and `execute`, the container. An execution with `dryRun: true` has
the first alone. What the engine then adds and refuses is `hardening`'s business.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from kubernaut.api.plugin import Execution
from kubernaut.api.steps import DRY_RUN, EXECUTE

TMP_VOLUME = "tmp"

EnvValue = str | Mapping[str, Any]
"""A plain value, or a `valueFrom` such as {"secretKeyRef": {"name": …, "key": …}}."""


def runner_job(
    execution: Execution, module: str, *, image: str | None = None, env: Mapping[str, EnvValue] | None = None
) -> dict[str, Any]:
    """A Job that runs `python -m MODULE` as both steps; the module calls `kubernaut.runner.run(perform)`.

    `image` must hold Python, this engine and the plugin; the engine's own image, by default, does.
    """
    command = ["python", "-m", module]
    told = {**(env or {}), "KUBERNAUT_EXECUTION": _told(execution)}
    steps = {
        step: _container(step, image or execution.image, command, {**told, "KUBERNAUT_STEP": step})
        for step in (DRY_RUN, EXECUTE)
    }
    return _job(execution, steps)


def command_job(
    execution: Execution,
    image: str,
    *,
    dry_run: Sequence[str],
    execute: Sequence[str],
    env: Mapping[str, EnvValue] | None = None,
) -> dict[str, Any]:
    """A Job that runs two visible command lines of any image.

    Parameters go into the lists as single arguments, never through a shell. Exit code 42 is a permanent refusal, any other but 0 is
    retried as the action's backoff limit says.
    """
    lines = {DRY_RUN: list(dry_run), EXECUTE: list(execute)}
    return _job(execution, {step: _container(step, image, line, env or {}) for step, line in lines.items()})


def _told(execution: Execution) -> str:
    """What a step knows of its execution. One variable: each more costs the API server at every change of Job and pod."""
    told = {
        "action": execution.action,
        "name": execution.name,
        "namespace": execution.namespace,
        "uid": execution.uid,
        "requestedBy": execution.requested_by,
        "deadlineSeconds": execution.deadline_seconds,
        "parameters": execution.parameters.model_dump(mode="json"),
        "settings": execution.settings.model_dump(mode="json"),
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def _job(execution: Execution, steps: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    if execution.dry_run:
        pod: dict[str, Any] = {"containers": [steps[DRY_RUN]]}
    else:
        pod = {"initContainers": [steps[DRY_RUN]], "containers": [steps[EXECUTE]]}
    return {"apiVersion": "batch/v1", "kind": "Job", "spec": {"template": {"spec": pod}}}


def _container(name: str, image: str, command: Sequence[str], env: Mapping[str, EnvValue]) -> dict[str, Any]:
    entries = [
        {"name": key, "value": value} if isinstance(value, str) else {"name": key, "valueFrom": dict(value)}
        for key, value in env.items()
    ]
    # The kubelet expands "$(NAME)" in arguments and values, and reads "$$" as a literal "$".
    escaped = json.loads(json.dumps([list(command), entries]).replace("$", "$$"))
    return {"name": name, "image": image, "command": escaped[0], "env": escaped[1]}
