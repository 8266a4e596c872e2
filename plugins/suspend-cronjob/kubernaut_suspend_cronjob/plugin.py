"""`suspend-cronjob`: its parameters, permissions and rollback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import kubernaut
from kubernaut import ActionSpec, ObjectName, Parameters, Result, Rollback, Rule, Surroundings, Target

HOOK_VERSION = 1
SUSPEND = "spec.suspend"


class SuspendCronJob(Parameters):
    """The CronJob, and whether it is to start Jobs."""

    name: ObjectName
    suspend: bool = True
    """False resumes it. Jobs that run already are not affected."""


@kubernaut.hookimpl
def describe() -> ActionSpec:
    return ActionSpec(
        summary="Suspend a CronJob, so that it starts no more Jobs, or resume it.",
        parameters=SuspendCronJob,
        target=lambda parameters: Target("CronJob", parameters.name, "batch/v1/cronjobs"),
        fields=lambda _: (SUSPEND,),
        service_account="cronjob-suspender",
        rules=(
            Rule(
                api_group="batch",
                resources=("cronjobs",),
                verbs=("patch",),
                fields=(SUSPEND,),
                why="suspend or resume it; the dry run of an empty patch reads it",
            ),
        ),
        deadline=300,
        retry_safe=True,
        examples=({"name": "report"},),
        surroundings=_cron_job,
    )


@kubernaut.hookimpl
def build_job(execution: kubernaut.Execution) -> dict[str, Any]:
    return kubernaut.runner_job(execution, "kubernaut_suspend_cronjob.perform")


@kubernaut.hookimpl
def on_complete(execution: kubernaut.Execution, result: Result) -> Rollback | None:
    if not result.changes:
        return None
    undo = {"name": execution.parameters.name, "suspend": not execution.parameters.suspend}
    return Rollback(action=execution.action, parameters=undo)


@contextmanager
def _cron_job() -> Iterator[Surroundings]:
    """A CronJob that starts its Job once a year."""
    container = {"name": "report", "image": "report:1.0", "command": ["true"]}
    pod = {"restartPolicy": "Never", "containers": [container]}
    report = {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": "report"},
        "spec": {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": {"template": {"spec": pod}}}},
    }
    yield Surroundings(objects=(report,))
