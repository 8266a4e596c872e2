"""What a StatefulSet or DaemonSet still lacks, and why it will never have it."""

import subprocess
import sys

import pytest

from kubernaut.runner import Misuse, workloads
from kubernaut.runner.action import Obstacle
from kubernaut.runner.rollouts import is_ready, new_pods, workload_of
from kubernaut.runner.workloads import wait_for_replicas, wait_for_rollout

STATEFUL_SETS, DAEMON_SETS, DEPLOYMENTS = "apps/v1/statefulsets", "apps/v1/daemonsets", "apps/v1/deployments"


def stateful_set(strategy=None, *, replicas=3, observed=2, spec=None, **status):
    known = {"replicas": replicas, "readyReplicas": replicas, "updateRevision": "db-2", "currentRevision": "db-1"}
    return {
        "metadata": {"name": "db", "generation": 2},
        "spec": {"replicas": replicas, "updateStrategy": strategy or {"type": "RollingUpdate"}, **(spec or {})},
        "status": {"observedGeneration": observed, **known, **status},
    }


def partitioned(partition):
    return {"type": "RollingUpdate", "rollingUpdate": {"partition": partition}}


ON_DELETE = {"type": "OnDelete"}
DONE = {"currentRevision": "db-2", "updatedReplicas": 3}
NEVER = "its update strategy is OnDelete, so a pod is replaced only when somebody deletes it"
SPARED = "none of its 3 pods is replaced, because spec.updateStrategy.rollingUpdate.partition is {}"


@pytest.mark.parametrize(
    ("current", "missing", "never"),
    [
        pytest.param(stateful_set(updatedReplicas=3), "", "", id="all new"),
        pytest.param(stateful_set(updatedReplicas=1), "1 of 3 new, 3 of 3 present, 3 ready", "", id="one new"),
        pytest.param(
            stateful_set(updatedReplicas=3, readyReplicas=2), "3 of 3 new, 3 of 3 present, 2 ready", "", id="not ready"
        ),
        pytest.param(
            stateful_set(observed=1, updatedReplicas=3), "its controller has not observed the change yet", "", id="old"
        ),
        pytest.param(stateful_set(partitioned(2), updatedReplicas=1), "", "", id="new from the partition on"),
        pytest.param(
            stateful_set(partitioned(1), updatedReplicas=1),
            "1 of 2 new, 3 of 3 present, 3 ready",
            "",
            id="one missing from the partition on",
        ),
        pytest.param(
            stateful_set(partitioned(3)), "0 of 3 new, 3 of 3 present, 3 ready", SPARED.format(3), id="all are spared"
        ),
        pytest.param(stateful_set(partitioned(9), **DONE), "", "", id="all are spared and nothing was to be replaced"),
        pytest.param(
            stateful_set(ON_DELETE, updatedReplicas=1),
            "1 of 3 new, 3 of 3 present, 3 ready",
            f"2 of 3 pods are not replaced: {NEVER}",
            id="replaced only on deletion",
        ),
        pytest.param(stateful_set(ON_DELETE, updatedReplicas=3), "", "", id="all were deleted"),
        pytest.param(stateful_set(replicas=0), "", "", id="without pods"),
        pytest.param(
            stateful_set(spec={"minReadySeconds": 5}, updatedReplicas=3, availableReplicas=1),
            "3 of 3 new, 3 of 3 present, 1 ready",
            "",
            id="not ready for long enough",
        ),
    ],
)
def test_a_stateful_set_is_missing_what_kubectl_waits_for(current, missing, never):
    workload = workload_of(STATEFUL_SETS)
    assert workload.rollout(current) == missing
    assert workload.stuck(current) == never


def daemon_set(strategy="RollingUpdate", *, observed=2, **status):
    known = {"desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberAvailable": 2, "numberReady": 2}
    return {
        "metadata": {"name": "agent", "generation": 2},
        "spec": {"updateStrategy": {"type": strategy}},
        "status": {"observedGeneration": observed, **known, **status},
    }


@pytest.mark.parametrize(
    ("current", "missing", "never"),
    [
        pytest.param(daemon_set(), "", "", id="all new"),
        pytest.param(daemon_set(updatedNumberScheduled=1), "1 of 2 new, 2 available", "", id="one new"),
        pytest.param(daemon_set(numberAvailable=1), "1 of 2 available", "", id="one available"),
        pytest.param(daemon_set(observed=1), "its controller has not observed the change yet", "", id="old"),
        pytest.param(
            daemon_set("OnDelete", updatedNumberScheduled=0),
            "0 of 2 new, 2 available",
            f"2 of 2 pods are not replaced: {NEVER}",
            id="replaced only on deletion",
        ),
        pytest.param(daemon_set("OnDelete"), "", "", id="all were deleted"),
        pytest.param({"metadata": {"name": "a"}, "spec": {}}, "", "", id="on no node"),
    ],
)
def test_a_daemon_set_is_missing_what_kubectl_waits_for(current, missing, never):
    workload = workload_of(DAEMON_SETS)
    assert workload.rollout(current) == missing
    assert workload.stuck(current) == never


def test_replicas_are_by_default_those_of_the_spec_and_for_a_daemon_set_its_nodes():
    assert is_ready(stateful_set(readyReplicas=2), None) == "2 of 3 replicas ready, 3 present"
    assert is_ready(daemon_set(numberReady=1), None, has_replicas=False) == "1 of 2 ready"
    assert is_ready(daemon_set(), None, has_replicas=False) == ""


def pod(**metadata):
    return {"metadata": {"name": "p", **metadata}}


@pytest.mark.parametrize(
    ("kind", "workload", "written", "new", "old"),
    [
        pytest.param(
            STATEFUL_SETS,
            stateful_set(),
            {},
            pod(labels={"controller-revision-hash": "db-2"}),
            pod(labels={"controller-revision-hash": "db-1"}),
            id="a StatefulSet's by its revision",
        ),
        pytest.param(
            DAEMON_SETS,
            {"metadata": {"annotations": {"deprecated.daemonset.template.generation": "7"}}, "spec": {}},
            {},
            pod(labels={"pod-template-generation": "7"}),
            pod(labels={"pod-template-generation": "6"}),
            id="a DaemonSet's by the generation of its template",
        ),
        pytest.param(
            DEPLOYMENTS,
            {"metadata": {}, "spec": {}},
            {"spec": {"template": {"metadata": {"annotations": {"a": "1"}}}}},
            pod(annotations={"a": "1", "b": "2"}),
            pod(),
            id="a Deployment's by what was written to its template",
        ),
    ],
)
def test_new_pods_are_told_from_old_ones(kind, workload, written, new, old):
    is_new = new_pods(kind, written, workload)
    assert (is_new(new), is_new(old)) == (True, False)


def test_where_nothing_tells_new_pods_from_old_ones_all_are_new():
    assert new_pods(DEPLOYMENTS, {"spec": {"replicas": 1}}, {"metadata": {}, "spec": {}})(pod())
    assert new_pods(DAEMON_SETS, {}, {"metadata": {}, "spec": {}})(pod())


class Waiting:
    """An action that looks once."""

    def __init__(self, current, pods=()):
        self.api, self._current, self._pods = self, current, list(pods)

    def list(self, kind, *, selector):
        return self._pods

    def wait_for(self, kind, name, written, missing, blocked):
        self.missing, self.found = missing(self._current), blocked(self._current)


def crashing(revision):
    waiting = {"waiting": {"reason": "CrashLoopBackOff"}}
    return {
        "metadata": {"name": f"db-{revision}", "labels": {"controller-revision-hash": revision}},
        "status": {"containerStatuses": [{"name": "app", "state": waiting}]},
    }


@pytest.mark.parametrize(("revision", "cause"), [("db-2", "pod db-db-2, container app: it crashes"), ("db-1", "")])
def test_only_the_troubles_of_new_pods_are_in_the_way_of_a_rollout(revision, cause):
    action = Waiting(stateful_set(updatedReplicas=1), [crashing(revision)])
    wait_for_rollout(action, STATEFUL_SETS, "db", {})
    assert action.found.cause.startswith(cause)
    assert bool(action.found.cause) == bool(cause)


def test_a_rollout_that_replaces_no_pod_is_given_up_at_once():
    action = Waiting(stateful_set(ON_DELETE, updatedReplicas=0))
    wait_for_rollout(action, STATEFUL_SETS, "db", {})
    assert (action.found.cause, action.found.seconds) == (f"3 of 3 pods are not replaced: {NEVER}", 0)
    wait_for_rollout(unread := Waiting(stateful_set(ON_DELETE, observed=1)), STATEFUL_SETS, "db", {})
    assert unread.found.cause == "", "what its controller has not read yet says nothing"


def test_a_daemon_set_has_no_replicas_to_wait_for():
    with pytest.raises(Misuse, match="leave `replicas` out"):
        wait_for_replicas(Waiting({}), DAEMON_SETS, "agent", {}, 2)


def test_what_a_plugin_of_the_first_version_calls_is_still_there():
    current = {"metadata": {"name": "w"}, "spec": {"replicas": 1}, "status": {"replicas": 1, "readyReplicas": 1}}
    wait_for_replicas(action := Waiting(current), "example.com/v1/things", "w", {"spec": {"replicas": 1}}, 1)
    assert (action.missing, action.found.cause) == ("", "")
    wait_for_rollout(action, DEPLOYMENTS, "w", {}, lambda pod: True)
    assert action.missing == "0 of 1 new, 1 old, 0 available"
    assert workloads.rollout_obstacle(current, Obstacle("x")).cause == "x"


def test_what_waits_and_compares_is_not_loaded_before_it_is_used():
    lazy = ["workloads", "rollouts", "written", "differences", "handover", "listing", "unanswered"]
    source = f"import sys, kubernaut.runner; print([m for m in {lazy} if 'kubernaut.runner.' + m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
