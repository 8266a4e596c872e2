"""What is said of a workload's state."""

from kubernaut_check_workload.workloads import stale, summary


def test_a_status_of_an_earlier_spec_is_stale():
    assert stale({"metadata": {"generation": 3}, "status": {"observedGeneration": 2}}) == (
        "its status is of generation 2, and its spec is generation 3 already"
    )
    assert "is of generation 0" in stale({"metadata": {"generation": 1}})
    assert stale({"metadata": {"generation": 3}, "status": {"observedGeneration": 3}}) == ""
    assert stale({"metadata": {}}) == ""


def test_the_pods_of_each_kind_are_counted():
    status = {"updatedReplicas": 2, "readyReplicas": 1}
    assert summary({"metadata": {"generation": 4}, "spec": {"replicas": 3}, "status": status}) == (
        "generation 4; 3 pods wanted, 2 updated, 1 ready, 0 available"
    )
    daemons = {"desiredNumberScheduled": 5, "updatedNumberScheduled": 5, "numberReady": 4, "numberAvailable": 3}
    assert summary({"metadata": {"generation": 1}, "spec": {}, "status": daemons}) == (
        "generation 1; 5 pods wanted, 5 updated, 4 ready, 3 available"
    )
