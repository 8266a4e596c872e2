"""What keeps a pod from starting is recorded while it lasts, and that it is over."""

import json

import pytest
import time_machine

from kubernaut.api.timestamps import now
from kubernaut.kube.objects import JOBS

STUCK = {
    "phase": "Pending",
    "initContainerStatuses": [
        {"name": "dry-run", "image": "r/x:1", "state": {"waiting": {"reason": "ErrImagePull", "message": "no host"}}}
    ],
}
UNSCHEDULABLE = {
    "phase": "Pending",
    "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes"}],
}
STARTED = {
    "phase": "Running",
    "initContainerStatuses": [
        {"name": "dry-run", "image": "r/x:1", "state": {"running": {"startedAt": "2026-05-01T12:00:02Z"}}}
    ],
}


@pytest.mark.parametrize(
    ("pod", "reason", "condition", "message"),
    [
        pytest.param(
            STUCK,
            "ImagePullFailed",
            "ImagePullFailed",
            "image r/x:1 cannot be pulled (ErrImagePull): no host",
            id="an image",
        ),
        pytest.param(UNSCHEDULABLE, None, "Unschedulable", "pod p1 is unschedulable: 0/1 nodes", id="a node"),
    ],
)
async def test_a_problem_is_recorded_in_message_and_condition(ground, pod, reason, condition, message):
    key, job = await ground.started()
    ground.add_pod(key, job, **pod)
    await ground.reconcile(key)
    status = ground.view(key).status
    assert (status.phase, status.reason, status.message) == ("Running", reason, f"Pod is not starting: {message}.")
    ready = status.condition("PodReady")
    assert (ready.status, ready.reason, ready.message) == ("False", condition, message)


async def test_a_problem_that_is_over_is_recorded_as_over(ground):
    key, job = await ground.started()
    ground.add_pod(key, job, **STUCK)
    await ground.reconcile(key)
    ground.add_pod(key, job, **STARTED)
    assert (await ground.reconcile(key)).seconds > 500  # the deadline
    status = ground.view(key).status
    assert (status.reason, status.condition("PodReady").status) == (None, "True")
    assert status.message.endswith("is running; the earlier problem is resolved.")


async def test_the_last_problem_is_the_cause_when_the_deadline_has_taken_the_pods(ground):
    key, job = await ground.started()
    ground.add_pod(key, job, **STUCK)
    await ground.reconcile(key)
    ground.caches.pods._drop(next(iter(ground.caches.pods._objects)))
    ground.caches.deleted_pods.forget(ground.view(key).uid)
    ground.end_job(job, "Failed", "DeadlineExceeded")
    await ground.reconcile(key)
    status = ground.view(key).status
    assert status.reason == "ImagePullFailed"
    assert "before any step started: image r/x:1 cannot be pulled" in status.message


async def test_a_problem_that_is_over_is_no_cause_of_a_later_deadline(ground):
    key, job = await ground.started()
    ground.add_pod(key, job, **STUCK)
    await ground.reconcile(key)
    ground.add_pod(key, job, **STARTED)
    await ground.reconcile(key)
    ground.end_job(job, "Failed", "DeadlineExceeded")
    await ground.reconcile(key)
    assert ground.view(key).status.reason == "DeadlineExceeded"


async def test_the_partial_result_of_a_cancelled_dry_run_is_not_kept(ground):
    key, _ = await ground.started(dryRun=True)
    ground.change(key, cancel=True)
    await ground.reconcile(key)
    assert ground.view(key).status.result is None


def suspended(job, **metadata):
    return {**job, "metadata": {**job["metadata"], **metadata}, "spec": {**job["spec"], "suspend": True}}


def managed(manager):
    return {"managedFields": [{"manager": manager, "fieldsV1": {"f:spec": {"f:suspend": {}}}}]}


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        (managed("kueue"), "was suspended by kueue; to resume it: kubectl patch job"),
        (
            {**managed("kueue"), "labels": {"kueue.x-k8s.io/queue-name": "ops"}},
            "was suspended by kueue; it waits in queue ops",
        ),
        (managed("kubernaut-engine"), "was suspended when it was created, by a webhook or policy of this cluster"),
        ({}, "was suspended when it was created"),
    ],
)
async def test_a_suspended_job_is_recorded_with_who_suspended_it(ground, metadata, words):
    key, job = await ground.started()
    labels = {**job["metadata"]["labels"], **metadata.get("labels", {})}
    ground.see(JOBS, suspended(job, **{**metadata, "labels": labels}))
    await ground.reconcile(key)
    status = ground.view(key).status
    ready = status.condition("PodReady")
    assert (status.phase, ready.status, ready.reason) == ("Running", "False", "JobSuspended")
    assert words in ready.message
    assert status.message == f"Pod is not starting: {ready.message}."


async def test_the_deadline_holds_for_a_suspended_job(ground):
    key, job = await ground.started(deadlineSeconds=60)
    ground.see(JOBS, suspended(job, **managed("kueue")))
    assert (await ground.reconcile(key)).seconds == pytest.approx(75, abs=2)
    with time_machine.travel(ground.view(key).status.start_time.timestamp() + 76):
        await ground.reconcile(key)
        assert ground.view(key).status.phase == "Running"
        assert ground.job(key) is None
        ground.forget_job(job)
        await ground.reconcile(key)
    status = ground.view(key).status
    assert (status.phase, status.reason) == ("Failed", "DeadlineExceeded")
    assert "Deadline of 60 s exceeded, and the Job had not ended: Job " in status.message
    assert "was suspended by kueue" in status.message
    assert status.message.endswith("Nothing was changed.")


async def test_a_clock_that_is_wrong_stops_no_job(ground):
    key, job = await ground.started(deadlineSeconds=60)
    ground.see(JOBS, suspended(job, **managed("kueue")))
    true = now()

    async def server_time():
        return true

    ground.cluster.server_time = server_time
    with time_machine.travel(true.timestamp() + 3600):
        assert (await ground.reconcile(key)).seconds == pytest.approx(75, abs=2)
    assert ground.view(key).status.phase == "Running"
    assert ground.job(key) is not None


async def test_what_a_job_changed_until_the_deadline_is_recorded(ground):
    key, job = await ground.started(deadlineSeconds=60)
    change = {"kind": "Deployment", "name": "web", "field": "spec.replicas", "before": 2, "after": 3}
    words = json.dumps({"kubernaut": 1, "step": "execute", "state": "error", "changes": [change]})
    ended = {"exitCode": 1, "reason": "Error", "message": words, "startedAt": "2026-05-01T12:00:02Z"}
    statuses = [{"name": "execute", "image": "x", "state": {"terminated": ended}}]
    ground.add_pod(key, job, phase="Running", containerStatuses=statuses)
    with time_machine.travel(ground.view(key).status.start_time.timestamp() + 76):
        await ground.reconcile(key)
        ground.forget_job(job)
        ground.delete_pod("p1")
        await ground.reconcile(key)
    status = ground.view(key).status
    assert (status.reason, status.result.changes[0].after) == ("DeadlineExceeded", 3)
    assert "Before that it changed Deployment/web spec.replicas: 2 → 3" in status.message
