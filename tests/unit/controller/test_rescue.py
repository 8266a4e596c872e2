"""An execution that the engine cannot reconcile ends, and its target is free; one that may still end by itself goes on."""

import pytest
import time_machine
from pydantic import ValidationError

from kubernaut.api.execution import Phase, Reason
from kubernaut.controller.rescue import MIN_FAILURES, Rescuer
from kubernaut.kube.objects import EXECUTIONS, JOBS

ERROR = KeyError("istio-proxy")


def rescuer(ground):
    return Rescuer(ground.caches, ground.jobs, ground.status, ground.reporter, ground.admission)


async def test_it_ends_once_its_job_has_ended(ground):
    key, job = await ground.started()
    ground.end_job(job, "Failed", "BackoffLimitExceeded")
    assert await rescuer(ground).give_up(key, ERROR, MIN_FAILURES)
    status = ground.view(key).status
    assert (status.phase, status.reason) == (Phase.FAILED, Reason.ENGINE_ERROR)
    assert "KeyError: 'istio-proxy'" in status.message
    assert status.completion_time is not None
    assert ground.reservations.running == 0
    assert ground.cluster.all(JOBS) == []


async def test_it_ends_once_its_deadline_has_passed(ground):
    key, _ = await ground.started(deadlineSeconds=60)
    assert not await rescuer(ground).give_up(key, ERROR, MIN_FAILURES)
    with time_machine.travel(ground.view(key).status.start_time.timestamp() + 61):
        assert await rescuer(ground).give_up(key, ERROR, MIN_FAILURES)
    assert ground.view(key).status.reason == Reason.ENGINE_ERROR


async def test_an_error_that_may_pass_does_not_end_it(ground):
    key, job = await ground.started()
    ground.end_job(job, "Complete")
    assert not await rescuer(ground).give_up(key, ERROR, MIN_FAILURES - 1)
    assert ground.view(key).phase is Phase.RUNNING


@pytest.mark.parametrize(
    "unreadable",
    [
        pytest.param({"attempts": "many", "conditions": "none"}, id="texts"),
        pytest.param({"stages": [{"name": "wait", "took": 1}]}, id="a first stage without a startTime"),
        pytest.param(
            {"stages": [{"name": "wait", "startTime": "2026-05-01T12:00:00Z", "took": "1"}]}, id="a text as took"
        ),
        pytest.param(
            {"stages": [{"name": "wait", "startTime": "9999-12-31T23:59:59Z", "took": 10**9}]}, id="no such time"
        ),
    ],
)
async def test_a_status_that_cannot_be_read_does_not_keep_it_from_ending(ground, caplog, unreadable):
    key, job = await ground.started()
    stored = ground.obj(key)
    ground.see(EXECUTIONS, {**stored, "status": {**stored["status"], **unreadable}})
    with pytest.raises(ValidationError):
        await ground.reconcile(key)
    ground.end_job(job, "Complete")
    assert await rescuer(ground).give_up(key, ERROR, MIN_FAILURES)
    assert ground.obj(key)["status"]["reason"] == "EngineError"


async def test_an_execution_that_is_gone_is_let_go(ground):
    key = ground.add()
    ground.caches.executions._drop(key)
    assert not await rescuer(ground).give_up(key, ERROR, MIN_FAILURES)
