"""What a workload still lacks, by its own status."""

import pytest

from kubernaut.runner.action import Obstacle
from kubernaut.runner.workloads import (
    blocked,
    missing_replicas,
    missing_rollout,
    pod_obstacle,
    rollout_obstacle,
    selector_of,
)

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
    ],
)
def test_a_rollout_is_missing_until_all_are_new_and_available(current, missing):
    assert missing_rollout(current) == missing


OVERDUE = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "timed out"}


@pytest.mark.parametrize(
    ("current", "found", "cause", "seconds"),
    [
        (workload(), "", "", 20),
        (workload(), "no node", "no node", 20),
        (
            workload(paused=True),
            "",
            "the rollout does not finish, because it was paused: kubectl rollout resume deployment/web",
            0,
        ),
        (
            workload(OVERDUE),
            "exceeded quota: pods",
            "the rollout does not finish: timed out; exceeded quota: pods; check its pods: kubectl describe pods",
            0,
        ),
    ],
)
def test_a_rollout_that_is_paused_or_overdue_is_given_up_at_once(current, found, cause, seconds):
    obstacle = rollout_obstacle(current, Obstacle(found))
    assert (obstacle.cause, obstacle.seconds) == (cause, seconds)


def test_it_is_blocked_while_its_pods_cannot_be_created():
    assert blocked(workload(QUOTA)) == "exceeded quota: pods"
    assert blocked(workload({**QUOTA, "status": "False"})) == ""
    assert blocked({}) == ""


def pod(name="web-1", *, waiting=None, running=False, ready=False, restarts=0, last=None, unschedulable=""):
    state = {"waiting": waiting} if waiting else {"running": {}} if running else {}
    container = {"name": "app", "image": "shop:9", "state": state, "ready": ready, "restartCount": restarts}
    container["lastState"] = {"terminated": last} if last else {}
    condition = {
        "type": "PodScheduled",
        "status": "False" if unschedulable else "True",
        "reason": "Unschedulable" if unschedulable else "",
        "message": unschedulable,
    }
    return {"metadata": {"name": name}, "status": {"containerStatuses": [container], "conditions": [condition]}}


CRASHED = {"exitCode": 3, "reason": "Error"}


@pytest.mark.parametrize(
    ("pods", "cause", "seconds"),
    [
        ([], "", 20),
        ([pod(running=True, ready=True)], "", 20),
        ([pod(waiting={"reason": "ContainerCreating"})], "", 20),
        (
            [pod(waiting={"reason": "ImagePullBackOff", "message": "not found."})],
            "pod web-1, container app: its image cannot be pulled shop:9 (ImagePullBackOff): not found",
            60,
        ),
        (
            [pod(waiting={"reason": "CreateContainerConfigError", "message": 'secret "s" not found'})],
            'pod web-1, container app: it cannot be created (CreateContainerConfigError): secret "s" not found',
            60,
        ),
        (
            [pod(waiting={"reason": "CrashLoopBackOff", "message": "back-off 10s"}, restarts=1, last=CRASHED)],
            "pod web-1, container app: it crashes, the last time with exit code 3 (Error)",
            60,
        ),
        (
            [pod(running=True, restarts=3, last=CRASHED)],
            "pod web-1, container app: it crashes, the last time with exit code 3 (Error)",
            60,
        ),
        (
            [pod(unschedulable="0/1 nodes are available: 1 Insufficient cpu.")],
            "pod web-1 is unschedulable: 0/1 nodes are available: 1 Insufficient cpu",
            float("inf"),
        ),
        ([pod(running=True)], "pod web-1, container app: it runs, and is not ready", float("inf")),
        (
            [pod("a", running=True), pod("b", unschedulable="no"), pod("c", waiting={"reason": "ErrImagePull"})],
            "pod c, container app: its image cannot be pulled shop:9 (ErrImagePull)",
            60,
        ),
        ([{"metadata": {"name": "x"}}, {"metadata": {"name": "y"}, "status": {"containerStatuses": [{}]}}], "", 20),
    ],
)
def test_the_gravest_trouble_of_its_pods_is_what_is_in_the_way(pods, cause, seconds):
    obstacle = pod_obstacle(pods)
    assert (obstacle.cause, obstacle.seconds) == (cause, seconds)


def test_a_selector_is_written_as_kubectl_reads_it():
    needs = [
        {"key": "tier", "operator": "In", "values": ["a", "b"]},
        {"key": "env", "operator": "NotIn", "values": ["dev"]},
        {"key": "x", "operator": "Exists"},
        {"key": "y", "operator": "DoesNotExist"},
    ]
    selector = {"matchLabels": {"app": "web"}, "matchExpressions": needs}
    assert selector_of({"spec": {"selector": selector}}) == "app=web,tier in (a,b),env notin (dev),x,!y"
