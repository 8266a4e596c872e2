"""The engine must read what the stand-in kubelet writes as the success of a pod."""

from benchmarks.action import report
from benchmarks.kubelet import running_status, succeeded_status
from benchmarks.placement import REPORT
from kubernaut.api.execution import Phase
from kubernaut.api.labels import ANNOTATION_REPORTS, ANNOTATION_TARGET
from kubernaut.api.steps import BOTH
from kubernaut.jobs.attempts import read_attempts
from kubernaut.jobs.outcome import Finished, InProgress, observe
from kubernaut.kube.objects import CachedObject

JOB = {"metadata": {"annotations": {ANNOTATION_REPORTS: "true", ANNOTATION_TARGET: "ConfigMap/a"}}, "spec": {}}


def container(step):
    return {"name": step, "image": "any", "env": [{"name": REPORT, "value": report(step, "a")}]}


def pod_with(status_of):
    spec = {"initContainers": [container("dry-run")], "containers": [container("execute")]}
    metadata = {"name": "p", "creationTimestamp": "2026-01-01T00:00:00Z"}
    return {"metadata": metadata, "spec": spec, "status": merged(status_of({"spec": spec}))}


def merged(patch):
    """Return a patch as the API server stores it: a null removes a field."""
    if isinstance(patch, dict):
        return {key: merged(value) for key, value in patch.items() if value is not None}
    return [merged(value) for value in patch] if isinstance(patch, list) else patch


def test_an_inline_pod_that_succeeded_has_reported_its_rehearsal_and_its_change():
    variables = [{"name": REPORT, "value": report(BOTH, "a")}, {"name": "KUBERNAUT_STEPS", "value": BOTH}]
    spec = {"containers": [{"name": "execute", "image": "any", "env": variables}]}
    metadata = {"name": "p", "creationTimestamp": "2026-01-01T00:00:00Z"}
    pod = CachedObject({"metadata": metadata, "spec": spec, "status": merged(succeeded_status({"spec": spec}))})
    outcome = observe(JOB, read_attempts([pod]))
    assert isinstance(outcome, Finished)
    assert outcome.phase is Phase.SUCCEEDED
    assert [step.step for step in outcome.attempts[0].steps] == ["dry-run", "execute"]


def test_a_running_pod_is_in_progress():
    assert isinstance(observe(JOB, read_attempts([CachedObject(pod_with(running_status))])), InProgress)


def test_a_pod_that_succeeded_has_reported_its_change():
    outcome = observe(JOB, read_attempts([CachedObject(pod_with(succeeded_status))]))
    assert isinstance(outcome, Finished)
    assert (outcome.phase, outcome.message) == (
        Phase.SUCCEEDED,
        "Changed ConfigMap/a data.LOG_LEVEL: 'info' → 'debug'.",
    )
    assert [step.exit_code for step in outcome.attempts[0].steps] == [0, 0]
