"""An execution starts, waits or is rejected, and status says which and why."""

import pytest

from kubernaut.controller.result import Done, RequeueAfter
from kubernaut.errors import DeniedError, QuotaError, RejectedError
from kubernaut.kube.objects import EXECUTIONS, JOBS
from kubernaut.settings import ActionSettings, BudgetSettings, Settings
from tests.support.controller import Ground


async def test_a_suspended_execution_waits_without_a_reservation(ground):
    key = ground.add(suspend=True)
    assert await ground.reconcile(key) == Done()
    status = ground.view(key).status
    assert (status.phase, status.reason) == ("Pending", "Suspended")
    assert "kubernaut resume more-web -n production" in status.message
    assert [stage.detail for stage in status.stages] == ["Suspended"]
    assert ground.reservations.running == 0


async def test_what_waits_on_is_not_written_again(ground):
    key = ground.add(suspend=True)
    await ground.reconcile(key)
    version = ground.obj(key)["metadata"]["resourceVersion"]
    await ground.reconcile(key)
    assert ground.obj(key)["metadata"]["resourceVersion"] == version


async def test_a_wait_that_an_earlier_engine_recorded_goes_on(ground):
    key = ground.add(suspend=True)
    stored, wait = ground.obj(key), {"name": "wait", "startTime": "2026-05-01T12:00:00Z"}
    earlier = [{**wait, "endTime": "2026-05-01T12:00:01Z", "detail": "Queued"}, {**wait, "detail": "Suspended"}]
    ground.see(EXECUTIONS, {**stored, "status": {"phase": "Pending", "reason": "Suspended", "stages": earlier}})
    await ground.reconcile(key)
    ended, lasting = ground.obj(key)["status"]["stages"]
    assert ended == {**wait, "took": 1_000_000, "detail": "Queued"}
    assert lasting == {"name": "wait", "at": 0, "detail": "Suspended"}


async def test_the_second_execution_on_a_target_names_the_first_and_starts_after_it(ground):
    first, job = await ground.started("first")
    second = ground.add("second")
    assert await ground.reconcile(second) == Done()
    status = ground.view(second).status
    assert (status.reason, status.blocked_by) == ("TargetBusy", "first")
    assert status.message == "Waiting for execution first, which is ahead of it on Deployment/web."
    ground.queued.clear()
    ground.delete_job(job)
    await ground.reconcile(first)
    assert second in ground.queued
    await ground.reconcile(second)
    status = ground.view(second).status
    assert (status.phase, status.reason, status.blocked_by) == ("Running", None, None)
    assert status.stages[0].end_time is not None, "its wait is closed"


async def test_beyond_the_limit_of_running_executions_one_is_queued(registry):
    ground = Ground(registry, Settings(max_running=1))
    await ground.started("first")
    second = ground.add("second", parameters={"name": "api", "replicas": 1})
    await ground.reconcile(second)
    status = ground.view(second).status
    assert (status.reason, status.blocked_by) == ("Queued", None)
    assert "maxRunning" in status.message


async def test_a_held_execution_records_since_when_and_gives_up_its_place(registry):
    ground = Ground(registry, Settings(budget=BudgetSettings(executions=1)))
    await ground.started("first")
    held = ground.add("second", parameters={"name": "api", "replicas": 1})
    await ground.reconcile(held)
    since = ground.view(held).status.held_since
    assert (ground.view(held).status.reason, since is not None) == ("BudgetExceeded", True)
    await ground.reconcile(held)
    assert ground.view(held).status.held_since == since, "the same hold"
    assert ground.reservations.running == 1


async def test_a_cooldown_is_reconciled_again_when_it_is_over(registry):
    ground = Ground(registry, Settings(actions={"scale": ActionSettings(cooldown_seconds=60)}))
    first, job = await ground.started("first")
    ground.delete_job(job)
    await ground.reconcile(first)
    second = ground.add("second")
    result = await ground.reconcile(second)
    assert (ground.view(second).status.reason, 50 < result.seconds <= 60) == ("CoolingDown", True)


async def test_a_full_quota_defers_and_frees_the_target(ground):
    key = ground.add()
    ground.cluster.failures["create", JOBS.plural] = [QuotaError("exceeded quota: jobs")]
    assert await ground.reconcile(key) == RequeueAfter(5.0)
    assert ground.view(key).status.reason == "QuotaExceeded"
    assert ground.reservations.running == 0
    await ground.reconcile(key)
    assert ground.view(key).phase == "Running"


@pytest.mark.parametrize(
    ("error", "reason", "validated"),
    [
        pytest.param(RejectedError("invalid"), "PluginError", "True", id="the API server rejects it"),
        pytest.param(RejectedError("policy x", by_policy=True), "PolicyDenied", "True", id="a policy refuses it"),
        pytest.param(DeniedError("policy x", by_policy=True), "PolicyDenied", "True", id="a policy forbids it"),
    ],
)
async def test_a_job_that_is_refused_ends_its_execution_with_the_one_who_refused(ground, error, reason, validated):
    key = ground.add()
    ground.cluster.failures["create", JOBS.plural] = [error]
    await ground.reconcile(key)
    status = ground.view(key).status
    assert (status.phase, status.reason, status.condition("Validated").status) == ("Failed", reason, validated)
    assert ground.reservations.running == 0


async def test_a_permission_that_the_engine_lacks_is_told_apart_from_one_that_the_action_lacks(ground):
    key = ground.add()
    ground.cluster.failures["create", JOBS.plural] = [DeniedError("jobs is forbidden")] * 2
    await ground.reconcile(key)
    engine = ground.view(key).status
    assert (engine.reason, engine.condition("Validated").status) == ("Forbidden", "True")
    ground.cluster.allowed = False
    other = ground.add("other")
    await ground.reconcile(other)
    action = ground.view(other).status
    assert (action.reason, action.condition("Validated").status) == ("Forbidden", "False")
    assert "kubernaut rbac render scale -n production" in action.message


async def test_a_denial_by_a_server_that_is_ready_by_then_is_asked_again(ground):
    key = ground.add()
    ground.cluster.failures["create", JOBS.plural] = [DeniedError("not read yet")]
    await ground.reconcile(key)
    assert ground.view(key).phase == "Running"


async def test_a_foreign_job_of_the_same_name_is_never_taken_over(ground):
    key = ground.add()
    await ground.reconcile(key)
    foreign = ground.job(key)
    ground.delete_job(foreign)
    ground.cluster.put(JOBS, {**foreign, "metadata": {**foreign["metadata"], "ownerReferences": []}})
    other = ground.add("more-web", uid="uid-more-web")
    await ground.reconcile(other)
    status = ground.view(other).status
    assert (status.phase, status.reason) == ("Failed", "Lost")
    assert "does not belong to this execution" in status.message


async def test_the_own_job_that_an_earlier_request_created_is_used(ground):
    key = ground.add()
    await ground.reconcile(key)
    job = ground.job(key)
    ground.forget_job(job)
    ground.add("more-web", uid="uid-more-web")
    await ground.reconcile(key)
    assert ground.view(key).status.job_name == job["metadata"]["name"]
    assert ("get", JOBS.plural) in ground.cluster.requests


async def test_bad_parameters_end_it_before_any_job_and_name_the_field(ground):
    key = ground.add(parameters={"name": "web"})
    await ground.reconcile(key)
    status = ground.view(key).status
    assert (status.phase, status.reason, status.attempts) == ("Failed", "InvalidParameters", 0)
    assert status.message == "parameters.replicas: is required"
    assert status.condition("Validated").message == status.message
    assert ("create", JOBS.plural) not in ground.cluster.requests
    assert ground.event_reasons() == ["InvalidParameters"]
