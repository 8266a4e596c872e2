"""The end of an execution is written once, whole if possible, and then its place is released."""

import json
from datetime import UTC, datetime

import pytest

from kubernaut.api.execution import Phase, Reason
from kubernaut.api.plugin import Change, Result
from kubernaut.errors import RejectedError, UnavailableError
from kubernaut.jobs.outcome import Finished
from kubernaut.kube.objects import EVENTS, EXECUTIONS

CHANGE = Change(kind="Deployment", name="web", field="spec.replicas", before=2, after=3)
SUCCESS = Finished(Phase.SUCCEEDED, None, "Changed it.", Result(changes=(CHANGE,)), ())


async def finish(ground, key, job, finished=SUCCESS):
    await ground.completion.finish(ground.caches.view(key), finished, [], job)
    await ground.events.flush()
    return ground.view(key).status


async def test_the_rollback_is_part_of_the_same_write(ground):
    key, job = await ground.started()
    writes = ground.cluster.requests.count(("patch", EXECUTIONS.plural))
    status = await finish(ground, key, job)
    assert status.result.rollback.action == "scale"
    assert status.result.rollback.parameters == {"kind": "Deployment", "name": "web", "replicas": 2, "wait": True}
    assert ground.cluster.requests.count(("patch", EXECUTIONS.plural)) == writes + 1


async def test_a_hook_that_fails_costs_the_rollback_and_not_the_end(ground, monkeypatch):
    key, job = await ground.started()
    admitted = await ground.admission.resolve(ground.caches.view(key))

    def broken(**_):
        raise RuntimeError("no")

    monkeypatch.setattr(admitted.action.hook, "on_complete", broken)
    status = await finish(ground, key, job)
    assert (status.phase, status.result.rollback) == ("Succeeded", None)


async def test_a_dry_run_has_no_rollback(ground):
    key, job = await ground.started(dryRun=True)
    assert (await finish(ground, key, job)).result.rollback is None


async def test_what_was_admitted_is_not_parsed_again_unless_the_engine_was_restarted(ground, monkeypatch):
    key, job = await ground.started()
    kept = await ground.admission.resolve(ground.caches.view(key))
    assert await ground.admission.resolve(ground.caches.view(key)) is kept
    ground.admission.release(ground.view(key).uid)
    again = await ground.admission.resolve(ground.caches.view(key))
    assert (again is kept, again.execution.parameters) == (False, kept.execution.parameters)
    assert job is not None


@pytest.mark.parametrize("error", [RejectedError("status.result: too long"), ValueError("surrogates not allowed")])
async def test_a_status_that_cannot_be_written_whole_is_written_without_its_result(ground, error):
    key, job = await ground.started()
    ground.cluster.failures["patch", EXECUTIONS.plural] = [error]
    status = await finish(ground, key, job)
    assert (status.phase, status.result) == ("Succeeded", None)
    assert status.message == f"Changed it. (Its result could not be recorded: {error})"


async def test_an_unreachable_server_leaves_the_execution_running_and_its_target_held(ground):
    key, job = await ground.started()
    ground.cluster.failures["patch", EXECUTIONS.plural] = [UnavailableError("down")]
    with pytest.raises(UnavailableError):
        await ground.completion.finish(ground.caches.view(key), SUCCESS, [], job)
    assert (ground.view(key).phase, ground.reservations.running) == ("Running", 1)


async def test_the_end_frees_the_target_and_is_reported_once(ground):
    key, job = await ground.started()
    await finish(ground, key, job)
    assert ground.reservations.running == 0
    assert ground.event_reasons() == ["Succeeded"]
    exposition = ground.metrics.exposition()[0].decode()
    assert 'kubernaut_executions_total{action="scale",phase="Succeeded",reason=""} 1.0' in exposition


async def test_the_end_of_an_approved_plan_is_counted_with_both_people(ground):
    key, job = await ground.started()
    stored = ground.obj(key)
    spec = {**stored["spec"], "approvedPlan": {"execution": "plan-1", "digest": f"sha256:{'0' * 64}"}}
    status = {**stored["status"], "proposedBy": "agent", "requestedBy": "on-call"}
    ground.see(EXECUTIONS, {**stored, "spec": spec, "status": status})
    await finish(ground, key, job)
    body, _ = ground.metrics.exposition("application/openmetrics-text")
    counted = next(line for line in body.decode().splitlines() if line.startswith("kubernaut_approved_plans_total{"))
    assert 'phase="Succeeded"} 1.0' in counted
    assert 'approved_by="on-call",proposed_by="agent",trace_id="' in counted


async def test_a_failure_is_a_warning_with_its_reason(ground):
    key, job = await ground.started()
    failed = Finished(Phase.FAILED, Reason.OUT_OF_MEMORY, "It was killed.", Result(), (), "last words")
    status = await finish(ground, key, job, failed)
    assert (status.phase, status.reason, status.log_tail) == ("Failed", "OutOfMemory", "last words")
    (event,) = [e for e in ground.cluster.all(EVENTS) if e["reason"] == "OutOfMemory"]
    assert (event["type"], event["message"]) == ("Warning", "It was killed.")


async def test_long_messages_are_shortened(ground):
    key, job = await ground.started()
    status = await finish(ground, key, job, Finished(Phase.FAILED, Reason.LOST, "x" * 5000, Result(), ()))
    assert len(status.message) == 2001


async def test_stages_reach_from_the_creation_to_the_record(ground):
    key, job = await ground.started()
    status = await finish(ground, key, job)
    names = [stage.name for stage in status.stages if stage.within is None]
    assert names[-1] == "record"
    assert {"validate", "create-job"} <= set(names)
    assert json.loads(json.dumps(ground.obj(key)["status"]["stages"])), "stages are plain JSON"
    assert all(stage.end_time <= datetime.now(UTC) for stage in status.stages)
