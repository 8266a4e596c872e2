"""What the stand-in kubelet writes must be what the engine reads as a pod's good end."""

from benchmarks.action import report
from benchmarks.kubelet import running, succeeded
from benchmarks.placement import REPORT
from kubernaut.api.execution import Phase
from kubernaut.api.labels import ANNOTATION_REPORTS, ANNOTATION_TARGET
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
    """As the API server keeps a patch: a null takes a field away."""
    if isinstance(patch, dict):
        return {key: merged(value) for key, value in patch.items() if value is not None}
    return [merged(value) for value in patch] if isinstance(patch, list) else patch


def test_a_running_pod_is_in_progress():
    assert isinstance(observe(JOB, [CachedObject(pod_with(running))]), InProgress)


def test_a_pod_that_succeeded_has_reported_its_change():
    ended = observe(JOB, [CachedObject(pod_with(succeeded))])
    assert isinstance(ended, Finished)
    assert (ended.phase, ended.message) == (Phase.SUCCEEDED, "Changed ConfigMap/a data.LOG_LEVEL: 'info' → 'debug'.")
    assert [step.exit_code for step in ended.attempts[0].steps] == [0, 0]
