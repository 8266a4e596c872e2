"""The action `instant`: its pods only write a report, so the benchmarks measure everything around them."""

from __future__ import annotations

import json
from typing import Any

import kubernaut
from benchmarks.placement import REPORT, WRITE_REPORT, pod_fields
from kubernaut import ActionSpec, ObjectName, Parameters, Rule, Target
from kubernaut.api.steps import BOTH, STEP_VARIABLE, STEPS_VARIABLE

HOOK_VERSION = 1
NAME = "instant"


class Instant(Parameters):
    """The ConfigMap that it claims to change."""

    name: ObjectName


class InstantSettings(Parameters):
    """The node of its pods."""

    node: str = ""


@kubernaut.hookimpl
def describe() -> ActionSpec:
    return ActionSpec(
        summary="End at once.",
        parameters=Instant,
        target=lambda parameters: Target("ConfigMap", parameters.name),
        service_account="bench-instant",
        rules=(Rule(resources=("configmaps",), verbs=("patch",), why="the same rule as patch-configmap"),),
        retry_safe=True,
        settings=InstantSettings,
    )


@kubernaut.hookimpl
def build_job(execution: kubernaut.Execution) -> dict[str, Any]:
    job = kubernaut.runner_job(execution, "unused")
    pod = job["spec"]["template"]["spec"]
    pod |= pod_fields(execution.settings.node)
    for container in (*pod.get("initContainers", ()), *pod["containers"]):
        container["command"] = list(WRITE_REPORT)
        steps = next(entry["value"] for entry in container["env"] if entry["name"] in {STEP_VARIABLE, STEPS_VARIABLE})
        container["env"].append({"name": REPORT, "value": report(steps, execution.parameters.name)})
    return job


def report(steps: str, name: str) -> str:
    """Return the report that the runner would write for one step, or for both in one process (BOTH), that changed one key."""
    change = {"kind": "ConfigMap", "name": name, "field": "data.LOG_LEVEL", "before": "info", "after": "debug"}
    end = {"state": "done", "message": "", "reason": "", "verified": False}
    result: dict[str, Any] = {
        "kubernaut": 1,
        "step": steps.rpartition(",")[2],
        **end,
        "changes": [change],
        "outputs": {},
    }
    if steps == BOTH:
        result["rehearsal"] = {**end, "asExecuted": True}
    return json.dumps(result, separators=(",", ":"))
