"""`restart-deployment`: its parameters and permissions. A restart cannot be undone, so it returns no rollback."""

from __future__ import annotations

from typing import Any

import kubernaut
from kubernaut import ActionSpec, ObjectName, Parameters, Rule, Target
from kubernaut.runner.restarts import STAMPS

HOOK_VERSION = 1


class RestartDeployment(Parameters):
    """The Deployment to restart."""

    name: ObjectName
    wait: bool = True
    """Wait until every pod is new and available."""


@kubernaut.hookimpl
def describe() -> ActionSpec:
    return ActionSpec(
        summary="Restart a Deployment's pods, a few at a time, and wait for the rollout.",
        parameters=RestartDeployment,
        target=lambda parameters: Target("Deployment", parameters.name, "apps/v1/deployments"),
        fields=lambda _: STAMPS,
        service_account="deployment-restarter",
        rules=(
            Rule(api_group="apps", resources=("deployments",), verbs=("get",), why="watch the rollout to its end"),
            Rule(
                api_group="apps",
                resources=("deployments",),
                verbs=("patch",),
                fields=STAMPS,
                why="annotate the pod template, which restarts its pods",
            ),
            Rule(
                resources=("pods",),
                verbs=("list",),
                why="find out why its pods do not become ready: an image, a crash, no node",
            ),
        ),
        deadline=900,
        retry_safe=True,
        examples=({"name": "web"},),
    )


@kubernaut.hookimpl
def build_job(execution: kubernaut.Execution) -> dict[str, Any]:
    return kubernaut.runner_job(execution, "kubernaut_restart_deployment.perform")
