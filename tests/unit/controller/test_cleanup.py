"""What is cleaned up after executions, and what must not be."""

from datetime import timedelta

import pytest

from kubernaut.api.labels import LABEL_EXECUTION, LABEL_UID
from kubernaut.api.timestamps import now
from kubernaut.kube.objects import EXECUTIONS, JOBS, PODS, Key
from tests.support.controller import NAMESPACE


async def test_an_ended_execution_releases_its_target_and_lets_its_job_go(ground):
    key, job = await ground.started()
    ended = ground.obj(key)
    ended["status"] |= {"phase": "Succeeded", "completionTime": "2099-05-01T12:00:00Z"}
    ground.see(EXECUTIONS, ended)
    result = await ground.reconcile(key)
    assert result.seconds > 0
    assert ground.reservations.running == 0
    assert ground.job(key) is not None
    assert job["spec"]["ttlSecondsAfterFinished"] == 86_400, "Kubernetes deletes it, should the engine never come back"
    assert ("patch", JOBS.plural) not in ground.cluster.requests


@pytest.mark.parametrize(
    ("since", "over", "deleted", "seconds"),
    [(299, True, False, 1), (301, True, True, None), (29, False, False, 1), (31, False, True, None)],
    ids=["soon after its end", "some minutes later", "it goes on", "it goes on and on"],
)
async def test_a_job_is_deleted_some_minutes_after_its_execution_ended(ground, since, over, deleted, seconds):
    key, job = await ground.started()
    if over:
        ground.end_job(job, "Complete")
    ended = ground.obj(key)
    completed = (now() - timedelta(seconds=since)).isoformat()
    ground.see(EXECUTIONS, {**ended, "status": {**ended["status"], "phase": "Succeeded", "completionTime": completed}})
    result = await ground.reconcile(key)
    assert (ground.job(key) is None) is deleted
    assert result.seconds == pytest.approx(seconds, abs=0.5) if seconds else result.seconds > 3600


async def test_the_job_of_an_end_without_a_time_is_left_to_kubernetes(ground):
    key, job = await ground.started()
    ground.end_job(job, "Complete")
    ended = ground.obj(key)
    ground.see(EXECUTIONS, {**ended, "status": {**ended["status"], "phase": "Failed", "reason": "Lost"}})
    await ground.reconcile(key)
    assert ground.job(key) is not None


async def test_an_end_without_a_time_is_never_deleted(ground):
    key = ground.add()
    ended = ground.obj(key)
    ended["status"] = {"phase": "Failed", "reason": "Lost"}
    ground.see(EXECUTIONS, ended)
    await ground.reconcile(key)
    assert len(ground.cluster.all(EXECUTIONS)) == 1


async def test_the_target_of_a_deleted_execution_is_free_once_its_pods_have_stopped(ground):
    key, job = await ground.started()
    ground.add_pod(key, job, phase="Running")
    ground.caches.executions._drop(key)
    ground.delete_job(job)
    await ground.reconcile(key)
    assert ground.reservations.running == 1, "its pod may still do something"
    pod = ground.cluster.all(PODS)[0]
    ground.see(PODS, {**pod, "status": {"phase": "Failed"}})
    await ground.reconcile(key)
    assert ground.reservations.running == 0


async def test_the_deleted_pods_of_an_earlier_execution_are_forgotten(ground):
    key, job = await ground.started()
    ground.add_pod(key, job, phase="Failed")
    uid = ground.view(key).uid
    ground.caches.deleted_pods.remember(next(iter(ground.caches.pods)))
    ground.caches.executions._drop(key)
    await ground.reconcile(key)
    assert ground.caches.deleted_pods.of(uid) == []


async def test_a_job_that_only_looks_like_one_of_the_engines_is_left_alone(ground):
    labels = {LABEL_UID: "x", LABEL_EXECUTION: "a"}
    ground.see(JOBS, {"metadata": {"name": "j", "namespace": NAMESPACE, "labels": labels}, "spec": {}, "status": {}})
    await ground.reconcile(Key(NAMESPACE, "a"))
    assert len(ground.cluster.all(JOBS)) == 1


async def test_an_expired_execution_stays_until_those_that_come_after_it_have_recorded_its_end(ground):
    first = ground.add("first", ttlSecondsAfterFinished=0)
    ground.add("gate", suspend=True)
    last = ground.add("last", after=[{"execution": "first"}, {"execution": "gate"}])
    await ground.reconcile(last)
    ended = {"phase": "Succeeded", "completionTime": "2026-01-01T12:00:00Z"}
    ground.see(EXECUTIONS, {**ground.obj(first), "status": ended})
    assert (await ground.reconcile(first)).seconds == pytest.approx(2)
    assert "first" in {obj["metadata"]["name"] for obj in ground.cluster.all(EXECUTIONS)}
    for _ in range(2):  # the second time, its status has recorded the end
        await ground.reconcile(last)
    await ground.reconcile(first)
    assert "first" not in {obj["metadata"]["name"] for obj in ground.cluster.all(EXECUTIONS)}
    assert ground.view(last).status.predecessors[0].execution == "first"
