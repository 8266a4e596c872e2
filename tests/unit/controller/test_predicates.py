"""Which changes of a Job or pod are significant."""

import pytest

from kubernaut.controller.predicates import is_significant_change
from kubernaut.kube.objects import CachedObject

POD = {
    "metadata": {"uid": "u"},
    "spec": {},
    "status": {"phase": "Pending", "conditions": [], "initContainerStatuses": [{"name": "dry-run", "state": {}}]},
}


def changed(**status):
    return {**POD, "status": {**POD["status"], **status}}


def step(**state):
    return {"initContainerStatuses": [{"name": "dry-run", "state": state}]}


@pytest.mark.parametrize(
    "new",
    [
        pytest.param(changed(phase="Succeeded"), id="the end"),
        pytest.param(changed(**step(terminated={"exitCode": 0})), id="a step's end"),
        pytest.param(changed(**step(waiting={"reason": "ErrImagePull"})), id="no image"),
        pytest.param(
            changed(conditions=[{"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}]), id="no node"
        ),
        pytest.param(changed(reason="Evicted", message="its node ran out of memory"), id="why it ended"),
        pytest.param(changed(conditions=[{"type": "DisruptionTarget", "status": "True"}]), id="eviction"),
        pytest.param(changed(conditions=[{"type": "Failed", "status": "True"}]), id="a Job's verdict"),
        pytest.param({**POD, "metadata": {"uid": "u", "deletionTimestamp": "now"}}, id="deletion"),
        pytest.param({**POD, "metadata": {"uid": "another"}}, id="another of the same name"),
        pytest.param({**POD, "metadata": {"uid": "u", "labels": {"a": "b"}}}, id="other labels"),
        pytest.param({**POD, "metadata": {"uid": "u", "ownerReferences": []}}, id="another owner"),
        pytest.param(None, id="gone"),
    ],
)
def test_a_change_of_what_an_outcome_is_read_from_is_significant(new):
    assert is_significant_change(CachedObject(POD), new and CachedObject(new))
    assert is_significant_change(None, CachedObject(POD))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(
            changed(**step(waiting={"reason": "ErrImagePull", "message": "a"})),
            changed(**step(waiting={"reason": "ErrImagePull", "message": "b"})),
            id="no image",
        ),
        pytest.param(
            changed(
                conditions=[{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "a"}]
            ),
            changed(
                conditions=[{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "b"}]
            ),
            id="no node",
        ),
    ],
)
def test_another_message_about_a_problem_is_significant(old, new):
    assert is_significant_change(CachedObject(old), CachedObject(new))


@pytest.mark.parametrize(
    "new",
    [
        pytest.param(changed(conditions=[{"type": "PodScheduled", "status": "True"}]), id="a node was found"),
        pytest.param(changed(**step(waiting={"reason": "PodInitializing"})), id="it is about to start"),
        pytest.param(changed(**step(running={"startedAt": "now"})), id="it runs"),
        pytest.param(changed(active=1, ready=0, uncountedTerminatedPods={}), id="the job controller counts"),
    ],
)
def test_mere_progress_is_not_significant(new):
    assert not is_significant_change(CachedObject(POD), new and CachedObject(new))
