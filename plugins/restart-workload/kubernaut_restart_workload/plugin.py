"""`restart-workload`: its parameters and permissions. A restart cannot be undone, so it returns no rollback."""

from __future__ import annotations

from typing import Any, Literal

import kubernaut
from kubernaut import ActionSpec, ObjectName, Parameters, Rule, Target
from kubernaut.runner.restarts import STAMPS

HOOK_VERSION = 1
RESOURCES = {"StatefulSet": "apps/v1/statefulsets", "DaemonSet": "apps/v1/daemonsets"}


class RestartWorkload(Parameters):
    """The StatefulSet or DaemonSet to restart."""

    kind: Literal["StatefulSet", "DaemonSet"]
    name: ObjectName
    wait: bool = True
    """Wait until every pod is new and available."""


@kubernaut.hookimpl
def describe() -> ActionSpec:
    return ActionSpec(
        summary="Restart the pods of a StatefulSet or DaemonSet, one after the other, and wait for the rollout.",
        parameters=RestartWorkload,
        target=lambda parameters: Target(parameters.kind, parameters.name, RESOURCES[parameters.kind]),
        fields=lambda _: STAMPS,
        service_account="workload-restarter",
        rules=(
            Rule(
                api_group="apps",
                resources=("statefulsets", "daemonsets"),
                verbs=("get",),
                why="watch the rollout to its end",
            ),
            Rule(
                api_group="apps",
                resources=("statefulsets", "daemonsets"),
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
        deadline=1800,
        retry_safe=True,
        examples=({"kind": "StatefulSet", "name": "db"}, {"kind": "DaemonSet", "name": "agent"}),
    )


@kubernaut.hookimpl
def build_job(execution: kubernaut.Execution) -> dict[str, Any]:
    return kubernaut.runner_job(execution, "kubernaut_restart_workload.perform")
