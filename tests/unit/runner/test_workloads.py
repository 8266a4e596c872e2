"""What a workload still lacks, by its own status."""

import pytest

from kubernaut.runner.exceptions import Rejected
from kubernaut.runner.workloads import blocked, missing_replicas, missing_rollout

QUOTA = {"type": "ReplicaFailure", "status": "True", "message": "exceeded quota: pods"}


def workload(*conditions, generation=1, observed=1, present=2, paused=False, **status):
    return {
        "metadata": {"name": "web", "generation": generation},
        "spec": {"replicas": 2, "paused": paused},
        "status": {"observedGeneration": observed, "conditions": list(conditions), "replicas": present, **status},
    }


@pytest.mark.parametrize(
    ("current", "missing"),
    [
        (workload(readyReplicas=2), ""),
        (workload(readyReplicas=1), "1 of 2 replicas ready, 2 present"),
        (workload(readyReplicas=2, present=3), "2 of 2 replicas ready, 3 present"),
        (workload(QUOTA, readyReplicas=1, present=1), "1 of 2 replicas ready, 1 present; exceeded quota: pods"),
        (workload(generation=2, readyReplicas=2), "its controller has not observed the change yet"),
        ({"metadata": {"name": "web"}, "spec": {}}, "0 of 2 replicas ready, 0 present"),
    ],
)
def test_replicas_are_missing_until_exactly_as_many_are_ready(current, missing):
    assert missing_replicas(current, 2) == missing


@pytest.mark.parametrize(
    ("current", "missing"),
    [
        (workload(updatedReplicas=2, availableReplicas=2), ""),
        (workload(updatedReplicas=1, present=3, availableReplicas=2), "1 of 2 new, 2 old, 2 available"),
        (
            workload(QUOTA, updatedReplicas=0, availableReplicas=2),
            "0 of 2 new, 2 old, 2 available; exceeded quota: pods",
        ),
    ],
)
def test_a_rollout_is_missing_until_all_are_new_and_available(current, missing):
    assert missing_rollout(current) == missing


@pytest.mark.parametrize(
    ("current", "words"),
    [
        (workload(paused=True), "it was paused: kubectl rollout resume deployment/web"),
        (
            workload(
                QUOTA,
                {
                    "type": "Progressing",
                    "status": "False",
                    "reason": "ProgressDeadlineExceeded",
                    "message": "timed out",
                },
            ),
            "the rollout does not finish: timed out; exceeded quota: pods",
        ),
    ],
)
def test_a_rollout_that_cannot_finish_is_refused(current, words):
    with pytest.raises(Rejected, match="the rollout does not finish") as raised:
        missing_rollout(current)
    assert words in str(raised.value)


def test_it_is_blocked_while_its_pods_cannot_be_created():
    assert blocked(workload(QUOTA)) == "exceeded quota: pods"
    assert blocked(workload({**QUOTA, "status": "False"})) == ""
    assert blocked({}) == ""
