"""What is believed of the pods' reports."""

import json

from kubernaut.controller.attempt_reader import AttemptReader
from kubernaut.kube.objects import CachedObject
from kubernaut.plugins.registry import Registry

HONEST = {"kind": "Deployment", "name": "web", "field": "spec.replicas", "before": 2, "after": 3}
LIES = [
    {**HONEST, "name": "db"},
    {**HONEST, "kind": "Secret"},
    {**HONEST, "field": "spec.template.spec.serviceAccountName"},
]


def pod(*changes, step="execute"):
    words = json.dumps({"kubernaut": 1, "step": step, "state": "done", "changes": changes})
    state = {"terminated": {"exitCode": 0, "reason": "Completed", "message": words}}
    statuses = [{"name": step, "image": "i", "state": state}]
    field = "containerStatuses" if step == "execute" else "initContainerStatuses"
    metadata = {"name": "p", "creationTimestamp": "2026-01-01T00:00:00Z"}
    return CachedObject({"metadata": metadata, "status": {"phase": "Succeeded", field: statuses}})


async def read(ground, *pods, restarted=False):
    key, _ = await ground.started()
    execution = ground.caches.view(key)
    if restarted:
        ground.admission.release(execution.uid)
        ground.admission._validator._registry = Registry()
    (attempt,) = await AttemptReader(ground.admission).read(execution, pods)
    return attempt.steps[-1]


async def test_what_the_parameters_allow_is_believed(ground):
    step = await read(ground, pod(HONEST))
    assert (len(step.report.changes), step.disbelieved) == (1, 0)


async def test_everything_else_is_dropped_and_counted(ground):
    step = await read(ground, pod(*LIES, HONEST, *LIES))
    assert ([change.name for change in step.report.changes], step.disbelieved) == (["web"], 6)


async def test_the_plan_of_a_dry_run_is_treated_alike(ground):
    step = await read(ground, pod(*LIES, step="dry-run"))
    assert (step.report.changes, step.disbelieved) == ((), 3)


async def test_without_its_plugin_the_target_alone_is_believed(ground):
    step = await read(ground, pod(HONEST, *LIES), restarted=True)
    assert [(change.kind, change.name) for change in step.report.changes] == 2 * [("Deployment", "web")]
    assert step.disbelieved == 2
