"""Which changes of which objects enqueue an execution, and what is remembered on the way."""

import pytest

from kubernaut.api.labels import LABEL_EXECUTION, LABEL_UID
from kubernaut.kube.objects import EXECUTIONS, JOBS, PODS, Key
from tests.support.controller import NAMESPACE


def dependent(resource, **status):
    labels = {LABEL_EXECUTION: "a", LABEL_UID: "u"}
    return resource, {
        "metadata": {"name": "x", "namespace": NAMESPACE, "uid": "p", "labels": labels},
        "spec": {},
        "status": status,
    }


@pytest.mark.parametrize("resource", [JOBS, PODS], ids=["jobs", "pods"])
def test_a_significant_change_of_a_job_or_pod_enqueues_its_execution_and_progress_does_not(ground, resource):
    ground.see(*dependent(resource))
    assert ground.queued == [Key(NAMESPACE, "a")]
    ground.see(*dependent(resource, active=1, conditions=[{"type": "Initialized", "status": "True"}]))
    assert len(ground.queued) == 1
    ground.see(*dependent(resource, conditions=[{"type": "Failed", "status": "True"}]))
    assert len(ground.queued) == 2


def test_every_change_of_an_execution_enqueues_it(ground):
    key = ground.add()
    ground.change(key, cancel=True)
    assert ground.queued == [key, key]


async def test_a_pod_that_is_deleted_before_the_end_is_remembered(ground):
    key, job = await ground.started()
    ground.add_pod(key, job, phase="Running")
    ground.delete_pod("p1")
    (pod,) = ground.caches.snapshot(key).pods
    assert (pod.deleted, pod.json["metadata"]["name"]) == (True, "p1")


async def test_a_pod_that_is_deleted_after_the_end_is_not_remembered(ground):
    key, job = await ground.started()
    ground.add_pod(key, job, phase="Failed")
    ended = ground.obj(key)
    ended["status"]["phase"] = "Failed"
    ground.see(EXECUTIONS, ended)
    ground.delete_pod("p1")
    assert ground.caches.snapshot(key).pods == []


async def test_the_time_of_a_cancellation_is_kept(ground):
    key = ground.add()
    assert "cancel" not in ground.caches.view(key).first_seen
    ground.change(key, cancel=True)
    assert "cancel" in ground.caches.view(key).first_seen


async def test_jobs_that_have_not_ended_are_reserved_before_anything_starts(ground):
    running, _ = await ground.started("running")
    ended, job = await ground.started("ended", parameters={"name": "api", "replicas": 1})
    ground.end_job(job, "Complete")
    (request,) = ground.handlers.unfinished()
    assert (request.key, request.target) == (running, f"{NAMESPACE}/Deployment/web")
    assert ended != running


async def test_a_job_without_its_execution_reserves_nothing(ground):
    ground.see(*dependent(JOBS))
    assert list(ground.handlers.unfinished()) == []
