"""The action `instant`: its pods do nothing but report, so that what is measured is everything around them."""

from __future__ import annotations

import json
from typing import Any

import kubernaut
from benchmarks.placement import REPORT, WRITE_REPORT, pod_fields
from kubernaut import ActionSpec, ObjectName, Parameters, Rule, Target

HOOK_VERSION = 1
NAME = "instant"


class Instant(Parameters):
    """What it pretends to change."""

    name: ObjectName


class InstantSettings(Parameters):
    """Where its pods go."""

    node: str = ""


@kubernaut.hookimpl
def describe() -> ActionSpec:
    return ActionSpec(
        summary="End at once.",
        parameters=Instant,
        target=lambda parameters: Target("ConfigMap", parameters.name),
        service_account="bench-instant",
        rules=(Rule(resources=("configmaps",), verbs=("patch",), why="as patch-configmap has"),),
        retry_safe=True,
        settings=InstantSettings,
    )


@kubernaut.hookimpl
def build_job(execution: kubernaut.Execution) -> dict[str, Any]:
    job = kubernaut.runner_job(execution, "unused")
    pod = job["spec"]["template"]["spec"]
    pod |= pod_fields(execution.settings.node)
    for container in (*pod["initContainers"], *pod["containers"]):
        container["command"] = list(WRITE_REPORT)
        container["env"].append({"name": REPORT, "value": report(container["name"], execution.parameters.name)})
    return job


def report(step: str, name: str) -> str:
    """What the runner would report of a step that changed one key."""
    change = {"kind": "ConfigMap", "name": name, "field": "data.LOG_LEVEL", "before": "info", "after": "debug"}
    told = {"kubernaut": 1, "step": step, "state": "done", "message": "", "reason": "", "verified": False}
    return json.dumps({**told, "changes": [change], "outputs": {}}, separators=(",", ":"))
