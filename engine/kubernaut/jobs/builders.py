"""Builds the Job manifests that plugins return: for the plugin's own code, or for any image's command line.

Either way a Job has two steps: `dry-run`, an initContainer, and `execute`, the container. Where the dry run takes place inline, the
runner's one container is both. An execution with `dryRun: true` has the first step alone, and one whose action only reads the second.
`jobs.hardening` then adds what every Job must have, and refuses what none is allowed to have.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from kubernaut.api.plugin import Execution, UndoneExecution
from kubernaut.api.steps import BOTH, DRY_RUN, EXECUTE, STEP_VARIABLE, STEPS_VARIABLE

TMP_VOLUME = "tmp"

EnvValue = str | Mapping[str, Any]
"""A plain value, or a `valueFrom` such as {"secretKeyRef": {"name": …, "key": …}}."""


def runner_job(
    execution: Execution, module: str, *, image: str | None = None, env: Mapping[str, EnvValue] | None = None
) -> dict[str, Any]:
    """Return a Job that runs the module as both steps, in one container or two as `execution.rehearsal` says.

    The module calls `kubernaut.runner.run(perform)`. `python -m kubernaut.runner MODULE` runs it as `python -m MODULE` would, and reports
    what goes wrong before that call.

    `image` must contain Python, this engine and the plugin; the default is the engine's own image.
    """
    command = ["python", "-m", "kubernaut.runner", module]
    variables = {**(env or {}), "KUBERNAUT_EXECUTION": _step_payload(execution)}

    def container(name: str, steps: Mapping[str, str]) -> dict[str, Any]:
        return _container(name, image or execution.image, command, {**variables, **steps})

    if execution.rehearsal == "inline" and not execution.dry_run and not execution.read_only:
        return _job([], container(EXECUTE, {STEPS_VARIABLE: BOTH}))
    first, second = (container(step, {STEP_VARIABLE: step}) for step in (DRY_RUN, EXECUTE))
    return _two_steps(execution, first, second)


def command_job(
    execution: Execution,
    image: str,
    *,
    dry_run: Sequence[str],
    execute: Sequence[str],
    env: Mapping[str, EnvValue] | None = None,
) -> dict[str, Any]:
    """Return a Job that runs two visible command lines of any image.

    Parameters go into the lists as single arguments, never through a shell. Exit code 42 is a permanent refusal; any other non-zero
    code is retried as the action's backoff limit says. It always has two containers: an action that returns it declares
    `inline_rehearsal=False`.
    """
    first, second = _container(DRY_RUN, image, dry_run, env or {}), _container(EXECUTE, image, execute, env or {})
    return _two_steps(execution, first, second)


def _step_payload(execution: Execution) -> str:
    """Return what a step knows about its execution, as one variable: each one costs the API server at every change of Job and pod."""
    payload = {
        "name": execution.name,
        "namespace": execution.namespace,
        "uid": execution.uid,
        "action": execution.action,
        "requestedBy": execution.requested_by,
        "deadlineSeconds": execution.deadline_seconds,
        "parameters": execution.parameters.model_dump(mode="json"),
        "settings": execution.settings.model_dump(mode="json"),
        **({"undoes": _undone(execution, execution.undone)} if execution.undone else {}),
        **({"approvedPlan": execution.approved_plan.digest} if execution.approved_plan else {}),
    }
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":"))


def _undone(execution: Execution, undone: UndoneExecution) -> dict[str, Any]:
    target = execution.target
    return {
        "execution": undone.name,
        "left": list(undone.left),
        "target": {"kind": target.kind, "name": target.name, "resource": target.resource},
    }


def _two_steps(execution: Execution, first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    if execution.read_only and not execution.dry_run:
        return _job([], second)
    return _job([], first) if execution.dry_run else _job([first], second)


def _job(before: list[dict[str, Any]], main: dict[str, Any]) -> dict[str, Any]:
    pod = {**({"initContainers": before} if before else {}), "containers": [main]}
    return {"apiVersion": "batch/v1", "kind": "Job", "spec": {"template": {"spec": pod}}}


def _container(name: str, image: str, command: Sequence[str], env: Mapping[str, EnvValue]) -> dict[str, Any]:
    entries = [
        {"name": key, "value": value} if isinstance(value, str) else {"name": key, "valueFrom": dict(value)}
        for key, value in env.items()
    ]
    # The kubelet expands "$(NAME)" in arguments and values, and reads "$$" as a literal "$".
    escaped = json.loads(json.dumps([list(command), entries]).replace("$", "$$"))
    return {"name": name, "image": image, "command": escaped[0], "env": escaped[1]}
