"""A pod's status as an attempt: what its steps did, and what keeps it from starting."""

import pytest

from kubernaut.jobs.attempts import read_attempts
from kubernaut.kube.objects import CachedObject

T = "2026-05-01T12:00:0{}Z"


def pod(status, name="p", created=1, **metadata):
    return CachedObject(
        {"metadata": {"name": name, "creationTimestamp": T.format(created), **metadata}, "status": status}
    )


def waiting(reason, message=""):
    return pod(
        {
            "phase": "Pending",
            "initContainerStatuses": [
                {"name": "dry-run", "image": "r/x:1", "state": {"waiting": {"reason": reason, "message": message}}}
            ],
        }
    )


def only(cached):
    (attempt,) = read_attempts([cached])
    return attempt


@pytest.mark.parametrize(
    ("cached", "reason", "message"),
    [
        pytest.param(
            waiting("ImagePullBackOff", "no such host"),
            "ImagePullFailed",
            "image r/x:1 cannot be pulled (ImagePullBackOff): no such host",
            id="an image",
        ),
        pytest.param(
            waiting("ErrImagePull"),
            "ImagePullFailed",
            "image r/x:1 cannot be pulled (ErrImagePull): no details",
            id="an image without details",
        ),
        pytest.param(
            waiting("CreateContainerConfigError", "no Secret"),
            "CreateContainerConfigError",
            "container dry-run cannot start (CreateContainerConfigError): no Secret",
            id="a Secret",
        ),
        pytest.param(
            pod(
                {
                    "conditions": [
                        {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes"}
                    ]
                }
            ),
            "Unschedulable",
            "pod p is unschedulable: 0/1 nodes",
            id="a node",
        ),
    ],
)
def test_the_diagnosis_of_a_pod_that_does_not_start_is_a_reason_and_a_message(cached, reason, message):
    diagnosis = only(cached).diagnosis
    assert (diagnosis.reason, diagnosis.message) == (reason, message)


def test_a_pod_that_is_starting_normally_has_no_diagnosis():
    starting = only(waiting("PodInitializing"))
    assert (starting.diagnosis, starting.waits_silently) == (None, True)


@pytest.mark.parametrize(
    ("cached", "interruption"),
    [
        pytest.param(
            pod(
                {
                    "phase": "Failed",
                    "conditions": [
                        {
                            "type": "DisruptionTarget",
                            "status": "True",
                            "reason": "EvictionByEvictionAPI",
                            "message": "drained",
                        }
                    ],
                }
            ),
            "pod p was removed by the cluster: EvictionByEvictionAPI: drained",
            id="an eviction",
        ),
        pytest.param(
            pod({"phase": "Failed", "reason": "Evicted", "message": "disk"}),
            "pod p was ended by its node: Evicted: disk",
            id="its node",
        ),
        pytest.param(pod({"phase": "Running"}, deletionTimestamp=T.format(2)), "pod p was deleted", id="a person"),
        pytest.param(pod({"phase": "Running"}), "", id="nothing"),
    ],
)
def test_an_interruption_names_what_ended_the_pod(cached, interruption):
    assert only(cached).interruption == interruption


def test_a_container_that_never_started_has_no_start():
    state = {"terminated": {"exitCode": 128, "reason": "StartError", "startedAt": "1970-01-01T00:00:00Z"}}
    (run,) = only(pod({"initContainerStatuses": [{"name": "dry-run", "state": state}]})).steps
    assert (run.started, run.termination_reason) == (None, "StartError")


def test_attempts_are_in_the_order_of_their_creation():
    attempts = read_attempts([pod({}, "b", 2), pod({}, "a", 3), pod({}, "c", 1)])
    assert [attempt.pod for attempt in attempts] == ["c", "b", "a"]
