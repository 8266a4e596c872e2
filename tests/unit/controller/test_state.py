"""The one transition that a snapshot implies."""

import pytest

from kubernaut.api.view import ExecutionView
from kubernaut.controller.state import (
    Adopt,
    Cancel,
    CleanUp,
    Finalize,
    Leftovers,
    Monitor,
    ObservedState,
    RecoverJob,
    Start,
    decide,
    is_active,
)
from kubernaut.kube.objects import JOBS, CachedObject, Key

JOB = {"metadata": {"name": "j"}}


def state(job=None, spec=None, **status):
    execution = ExecutionView({"metadata": {"name": "a"}, "spec": spec or {}, "status": status})
    return ObservedState(Key("n", "a"), execution, job, [], Leftovers([], []))


@pytest.mark.parametrize(
    ("observed", "transition"),
    [
        pytest.param(ObservedState(Key("n", "a"), None, None, [], Leftovers([], [])), CleanUp, id="it is gone"),
        pytest.param(state(), Start, id="nothing has happened yet"),
        pytest.param(state(phase="Pending", reason="Queued"), Start, id="it waits"),
        pytest.param(state(JOB), Adopt, id="a Job that status does not record"),
        pytest.param(state(JOB, phase="Running", jobName="j"), Monitor, id="a Job that status records"),
        pytest.param(state(phase="Running", jobName="j"), RecoverJob, id="a recorded Job that is not there"),
        pytest.param(state(spec={"cancel": True}), Cancel, id="cancelled before it started"),
        pytest.param(state(JOB, {"cancel": True}, phase="Running", jobName="j"), Cancel, id="cancelled while it runs"),
        pytest.param(state(JOB, {"cancel": True}, phase="Failed"), Finalize, id="cancelled after its end"),
        pytest.param(state(phase="Succeeded", jobName="j"), Finalize, id="its end is recorded"),
    ],
)
def test_the_observed_state_decides(observed, transition):
    assert type(decide(observed)) is transition


@pytest.mark.parametrize(
    ("pod", "active"),
    [
        (CachedObject({"status": {"phase": "Running"}}), True),
        (CachedObject({"status": {}}), True),
        (CachedObject({"status": {"phase": "Failed"}}), False),
        (CachedObject({"status": {"phase": "Running"}}, deleted=True), False),
    ],
)
def test_a_pod_is_active_until_it_has_ended_or_is_deleted(pod, active):
    assert is_active(pod) is active


async def test_a_snapshot_tells_its_own_job_and_pods_from_those_of_an_earlier_namesake(ground):
    key, job = await ground.started()
    ground.add_pod(key, job)
    earlier = {**job, "metadata": {**job["metadata"], "name": "earlier", "uid": "other"}}
    ground.see(JOBS, earlier)
    snapshot = ground.caches.snapshot(key)
    assert snapshot.job["metadata"]["uid"] == job["metadata"]["uid"]
    assert len(snapshot.pods) == 1
    assert [left["metadata"]["name"] for left in snapshot.leftovers.jobs] == ["earlier"]
