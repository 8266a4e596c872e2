"""Every transition of an execution, on a fake cluster: what is observed decides what is done, however often it is called."""

import json

import pytest

from kubernaut.api.labels import ANNOTATION_REPORTS, ANNOTATION_TARGET, LABEL_ACTION, LABEL_EXECUTION, LABEL_UID
from kubernaut.api.names import job_name
from kubernaut.api.timestamps import now
from kubernaut.controller.result import Done, RequeueAfter
from kubernaut.errors import ConflictError, UnavailableError
from kubernaut.kube.objects import EXECUTIONS, JOBS, Key
from tests.support.controller import NAMESPACE

CHANGE = {"kind": "Deployment", "name": "web", "field": "spec.replicas", "before": 2, "after": 3}


def step(name, code=0, **report):
    message = json.dumps({"kubernaut": 1, "step": name, "state": "rejected" if code else "done", **report})
    times = {"startedAt": "2026-05-01T12:00:02Z", "finishedAt": "2026-05-01T12:00:03Z"}
    terminated = {"exitCode": code, "reason": "Error" if code else "Completed", "message": message, **times}
    return {"name": name, "image": "i", "state": {"terminated": terminated}}


DONE = {
    "initContainerStatuses": [step("dry-run")],
    "containerStatuses": [step("execute", changes=[CHANGE], verified=True)],
}
REFUSED = {"initContainerStatuses": [step("dry-run", 42, message="deployments.apps not found")]}
RUNNING = {
    "containerStatuses": [
        {"name": "execute", "image": "i", "state": {"running": {"startedAt": "2026-05-01T12:00:02Z"}}}
    ]
}


async def test_start_creates_one_job_and_records_that_it_is_running(ground):
    key = ground.add()
    assert await ground.reconcile(key) == Done()
    status, job = ground.view(key).status, ground.job(key)
    assert (status.phase, status.job_name, status.target) == ("Running", job["metadata"]["name"], "Deployment/web")
    assert status.condition("Validated").status == "True"
    assert job["spec"]["template"]["spec"]["serviceAccountName"] == "deployment-scaler"
    assert ground.event_reasons() == [], "that of the start is held"


async def test_a_second_reconcile_of_a_running_job_changes_nothing(ground):
    key, _ = await ground.started()
    before = ground.obj(key)
    result = await ground.reconcile(key)
    assert 0 < result.seconds <= 10.5, "it checks for warnings if no pod appears"
    assert ground.obj(key) == before
    assert len(ground.cluster.all(JOBS)) == 1


async def test_monitor_records_success_with_the_change_and_the_rollback(ground):
    key, job = await ground.started()
    ground.add_pod(key, job, **DONE)
    assert await ground.reconcile(key) == Done()
    status = ground.view(key).status
    assert (status.phase, status.attempts) == ("Succeeded", 1)
    assert status.message == "Changed Deployment/web spec.replicas: 2 → 3."
    assert status.result.rollback.parameters["replicas"] == 2
    assert {c.type: c.status for c in status.conditions} == {
        "Validated": "True",
        "DryRunPassed": "True",
        "Executed": "True",
        "Verified": "True",
    }
    assert ground.event_reasons() == ["Succeeded"]


async def test_monitor_records_a_failure_only_at_the_jobs_verdict(ground):
    key, job = await ground.started()
    ground.add_pod(key, job, phase="Failed", **REFUSED)
    await ground.reconcile(key)
    assert ground.view(key).phase == "Running"
    ground.end_job(job, "Failed", "PodFailurePolicy")
    await ground.reconcile(key)
    status = ground.view(key).status
    assert (status.phase, status.reason) == ("Failed", "DryRunRejected")
    assert "was rejected: deployments.apps not found" in status.message


async def test_monitor_waits_for_the_pods_that_explain_the_verdict(ground, monkeypatch):
    key, job = await ground.started()
    ground.add_pod(key, job, phase="Running", **RUNNING)
    ground.end_job(job, "Failed", "BackoffLimitExceeded")
    monkeypatch.setattr("kubernaut.controller.monitor.is_conclusive", lambda *_: False)
    assert await ground.reconcile(key) == RequeueAfter(0.5)
    assert ground.view(key).phase == "Running"


@pytest.mark.parametrize("known", [True, False], ids=["it was seen at work", "it was never seen"])
async def test_monitor_reads_the_pod_that_explains_a_verdict_where_its_watch_lags_behind(ground, known):
    """After a break each watch comes back in its own time: what the pod reported must not be lost for that."""
    key, job = await ground.started()
    if known:
        ground.add_pod(key, job, phase="Running", **RUNNING)
    ground.add_pod(key, job, seen=False, **DONE)
    ground.end_job(job, "Complete")
    assert await ground.reconcile(key) == Done()
    status = ground.view(key).status
    assert (status.phase, status.attempts) == ("Succeeded", 1)
    assert status.message == "Changed Deployment/web spec.replicas: 2 → 3."
    assert status.result.rollback.parameters["replicas"] == 2


async def test_monitor_reads_the_pod_that_explains_a_failure_where_its_watch_lags_behind(ground):
    key, job = await ground.started()
    ground.add_pod(key, job, phase="Failed", seen=False, **REFUSED)
    ground.end_job(job, "Failed", "PodFailurePolicy")
    assert await ground.reconcile(key) == Done()
    status = ground.view(key).status
    assert (status.phase, status.reason) == ("Failed", "DryRunRejected")


async def test_the_pods_of_a_vanished_job_are_read_before_it_is_called_lost(ground):
    key, job = await ground.started()
    ground.add_pod(key, job, seen=False, **DONE)
    ground.delete_job(job)
    await ground.reconcile(key)
    status = ground.view(key).status
    assert (status.reason, status.message.startswith("Job")) == ("Lost", True)
    assert "it had changed Deployment/web spec.replicas: 2 → 3" in status.message


async def test_adopt_takes_over_the_job_of_an_engine_that_died_before_it_recorded_it(ground):
    key = ground.add()
    ground.cluster.failures["patch", EXECUTIONS.plural] = [UnavailableError("killed here")]
    with pytest.raises(UnavailableError):
        await ground.reconcile(key)
    assert (ground.view(key).phase, len(ground.cluster.all(JOBS))) == ("Pending", 1)
    assert await ground.reconcile(key) == RequeueAfter(0.0)
    assert (ground.view(key).phase, len(ground.cluster.all(JOBS))) == ("Running", 1)


async def unrecorded(ground):
    """Return an execution whose Job exists, and whose status does not say so yet."""
    key = ground.add()
    ground.cluster.failures["patch", EXECUTIONS.plural] = [UnavailableError("killed here")]
    with pytest.raises(UnavailableError):
        await ground.reconcile(key)
    return key, ground.job(key)


async def test_a_job_of_an_execution_that_is_not_allowed_to_run_is_stopped_and_never_made_again(ground):
    key, job = await unrecorded(ground)
    ground.add_pod(key, job, phase="Running", **RUNNING)
    ground.cluster.allowed = False
    assert await ground.reconcile(key) == RequeueAfter(0.0)
    status = ground.view(key).status
    assert (status.job_name, status.condition("Validated").reason) == (job["metadata"]["name"], "Forbidden")
    await ground.reconcile(key)
    assert ground.cluster.all(JOBS) == []
    ground.cluster.allowed = True
    ground.add_pod(key, job, **DONE)
    ground.delete_job(job)
    await ground.reconcile(key)
    status = ground.view(key).status
    assert (status.phase, status.reason) == ("Failed", "Forbidden")
    assert "was stopped; it had changed Deployment/web spec.replicas: 2 → 3: check Deployment/web" in status.message
    assert ground.cluster.all(JOBS) == []


async def test_a_job_that_has_ended_although_it_may_not_run_now_ends_as_it_did(ground):
    key, job = await unrecorded(ground)
    ground.add_pod(key, job, **DONE)
    ground.end_job(job, "Complete")
    ground.cluster.allowed = False
    await ground.reconcile(key)
    await ground.reconcile(key)
    status = ground.view(key).status
    assert (status.phase, status.message) == ("Succeeded", "Changed Deployment/web spec.replicas: 2 → 3.")


async def test_a_suspension_comes_too_late_for_a_job_that_exists(ground):
    key, job = await unrecorded(ground)
    ground.change(key, suspend=True)
    await ground.reconcile(key)
    assert (ground.view(key).phase, ground.job(key)) == ("Running", job)


async def test_a_job_that_the_cache_lacks_is_found_again(ground):
    key, job = await ground.started()
    ground.forget_job(job)
    assert await ground.reconcile(key) == RequeueAfter(1.0)
    assert ground.caches.jobs.get(Key(NAMESPACE, job["metadata"]["name"])) is not None


async def test_a_job_that_is_gone_for_good_ends_its_execution_as_lost(ground):
    key, job = await ground.started()
    ground.delete_job(job)
    await ground.reconcile(key)
    status = ground.view(key).status
    assert (status.phase, status.reason) == ("Failed", "Lost")
    assert "what it changed is unknown: check Deployment/web" in status.message


async def test_a_job_that_is_gone_while_a_pod_is_still_active_is_not_lost_yet(ground):
    key, job = await ground.started()
    ground.add_pod(key, job, phase="Running", **RUNNING)
    ground.delete_job(job)
    assert await ground.reconcile(key) == Done()
    assert ground.view(key).phase == "Running"


async def test_cancelled_before_it_started_it_never_has_a_job(ground):
    key = ground.add(cancel=True)
    await ground.reconcile(key)
    status = ground.view(key).status
    assert (status.phase, status.reason) == ("Cancelled", "CancelRequested")
    assert status.message == "It was cancelled before it started. Nothing was changed."
    assert ground.cluster.all(JOBS) == []


async def test_cancelled_while_it_runs_its_job_is_deleted_first_and_its_partial_result_kept(ground):
    key, job = await ground.started()
    report = {"containerStatuses": [step("execute", 143, changes=[CHANGE])]}
    ground.add_pod(key, job, phase="Failed", **report)
    ground.change(key, cancel=True)
    await ground.reconcile(key)
    assert (ground.view(key).phase, ground.cluster.all(JOBS)) == ("Running", [])
    ground.delete_job(job)
    await ground.reconcile(key)
    status = ground.view(key).status
    assert status.phase == "Cancelled"
    assert "Before that it changed Deployment/web spec.replicas: 2 → 3" in status.message
    assert status.result.changes[0].after == 3


async def test_cancelled_after_its_job_succeeded_it_has_succeeded(ground):
    key, job = await ground.started()
    ground.add_pod(key, job, **DONE)
    ground.change(key, cancel=True)
    await ground.reconcile(key)
    assert ground.view(key).phase == "Succeeded"


async def test_finalize_waits_for_the_ttl_and_then_deletes_the_execution(ground):
    key = ground.add(cancel=True)
    await ground.reconcile(key)
    waiting = await ground.reconcile(key)
    assert 604_790 < waiting.seconds <= 604_800
    ground.change(key, ttlSecondsAfterFinished=0)
    assert await ground.reconcile(key) == Done()
    assert ground.cluster.all(EXECUTIONS) == []


async def test_finalize_deletes_a_job_that_was_created_after_the_end(ground):
    key, job = await ground.started()
    ended = ground.obj(key)
    ended["status"] = {"phase": "Failed", "reason": "Forbidden", "completionTime": now().isoformat()}
    ground.see(EXECUTIONS, ended)
    await ground.reconcile(key)
    assert ground.job(key) is None
    assert job is not None


def leftover(**metadata):
    labels = {LABEL_UID: "uid-of-an-earlier-one", LABEL_EXECUTION: "more-web", LABEL_ACTION: "scale"}
    annotations = {ANNOTATION_TARGET: "Deployment/web", ANNOTATION_REPORTS: "true"}
    known = {"name": "earlier", "namespace": NAMESPACE, "labels": labels, "annotations": annotations, **metadata}
    return {"metadata": known, "spec": {}, "status": {}}


async def test_clean_up_deletes_the_job_of_an_execution_that_is_gone(ground):
    ground.see(JOBS, leftover())
    assert await ground.reconcile(Key(NAMESPACE, "more-web")) == Done()
    assert ground.cluster.all(JOBS) == []


async def test_clean_up_leaves_a_job_alone_that_the_engine_did_not_make(ground):
    ground.see(JOBS, leftover(annotations={}))
    await ground.reconcile(Key(NAMESPACE, "more-web"))
    assert len(ground.cluster.all(JOBS)) == 1


async def test_a_conflict_with_another_writer_is_raised_and_the_next_reconcile_succeeds(ground):
    key, job = await ground.started()
    ground.add_pod(key, job, **DONE)
    ground.cluster.failures["patch", EXECUTIONS.plural] = [ConflictError("someone else wrote it")]
    with pytest.raises(ConflictError):
        await ground.reconcile(key)
    await ground.reconcile(key)
    assert ground.view(key).phase == "Succeeded"


async def test_an_effect_that_was_not_awaited_is_not_recorded_as_verified(ground):
    key, job = await ground.started()
    unverified = {**DONE, "containerStatuses": [step("execute", changes=[CHANGE])]}
    ground.add_pod(key, job, **unverified)
    await ground.reconcile(key)
    status = ground.view(key).status
    assert (status.condition("Executed").status, status.condition("Verified")) == ("True", None)


async def test_the_time_between_the_request_and_the_end_of_a_cancellation_is_a_stage(ground):
    key = ground.add()
    ground.change(key, cancel=True)
    await ground.reconcile(key)
    assert [stage.name for stage in ground.view(key).status.stages][-1:] == ["cancel"]


async def test_a_cancellation_that_this_engine_did_not_see_has_no_such_stage(ground):
    key = ground.add(cancel=True)
    cached = ground.caches.executions.get(key)
    cached.first_seen.pop("cancel")
    await ground.reconcile(key)
    assert "cancel" not in [stage.name for stage in ground.view(key).status.stages]


async def test_a_job_that_must_not_run_and_is_being_deleted_already_is_left_to_go(ground):
    key = ground.add()
    job = {"metadata": {"deletionTimestamp": "2026-05-01T12:00:00Z"}, "spec": {"serviceAccountName": "x"}}
    named = {
        "name": job_name(key.name, f"uid-{key.name}"),
        "namespace": NAMESPACE,
        "labels": {LABEL_UID: f"uid-{key.name}", LABEL_EXECUTION: key.name},
    }
    owner = {
        "apiVersion": "kubernaut.io/v1alpha1",
        "kind": "KubernetesExecution",
        "uid": f"uid-{key.name}",
        "controller": True,
    }
    ground.see(JOBS, {**job, "metadata": {**job["metadata"], **named, "ownerReferences": [owner]}, "status": {}})
    assert await ground.reconcile(key) == RequeueAfter(0.0)
    assert "and not as deployment-scaler" in ground.view(key).status.message
    assert await ground.reconcile(key) == Done()
    assert len(ground.cluster.all(JOBS)) == 1
