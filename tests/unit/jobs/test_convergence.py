"""A cause is told once the pods that explain the Job's verdict have been seen to end, or have been waited for."""

from datetime import UTC, datetime, timedelta

import pytest

from kubernaut.jobs.convergence import is_explained

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
POLICY = "Container dry-run for pod production/b failed with exit code 42 matching FailJob rule at index 0"


def job(reason="PodFailurePolicy", message=POLICY, kind="Failed"):
    told = {"type": kind, "status": "True", "reason": reason, "message": message}
    return {"status": {"conditions": [{**told, "lastTransitionTime": "2026-05-01T12:00:00Z"}]}}


def pod(name, phase, **more):
    return {"metadata": {"name": name}, "status": {"phase": phase}, **more}


@pytest.mark.parametrize(
    ("verdict", "pods", "explained"),
    [
        pytest.param(job(), [pod("a", "Failed")], False, id="the pod that it names is not known yet"),
        pytest.param(job(), [pod("a", "Failed"), pod("b", "Running")], False, id="it is not known to have ended"),
        pytest.param(job(), [pod("a", "Failed"), pod("b", "Failed")], True, id="it is"),
        pytest.param(job(), [pod("a", "Failed"), pod("b", "Running", gone=True)], True, id="it is gone"),
        pytest.param(job(), [], True, id="no pod is left to tell"),
        pytest.param(
            job("BackoffLimitExceeded", "no more"), [pod("a", "Running")], False, id="the last one seems to run"
        ),
        pytest.param(job("BackoffLimitExceeded", "no more"), [pod("a", "Failed")], True, id="all have ended"),
        pytest.param(job("DeadlineExceeded", "late"), [pod("a", "Running")], True, id="a deadline explains itself"),
        pytest.param(job(kind="Complete"), [pod("a", "Running")], True, id="a success is the pod's"),
        pytest.param({"status": {}}, [pod("a", "Running")], True, id="no verdict"),
    ],
)
def test_the_pods_that_a_verdict_rests_on_are_waited_for(verdict, pods, explained):
    assert is_explained(verdict, pods, NOON + timedelta(seconds=1)) is explained


def test_but_not_for_ever():
    assert is_explained(job(), [pod("a", "Failed")], NOON + timedelta(seconds=11))
