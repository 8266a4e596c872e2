"""What keeps a pod from starting is recorded while it lasts, and that it is over."""

import pytest

from kubernaut.controller.result import Done

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
    assert await ground.reconcile(key) == Done()
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
