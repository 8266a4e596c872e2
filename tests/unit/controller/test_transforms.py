"""What is kept of watched objects in memory."""

import json

from kubernaut.api.view import ExecutionView
from kubernaut.controller.transforms import trim_execution, trim_job, trim_pod


def test_only_what_is_still_read_is_kept_of_an_ended_execution():
    status = {
        "phase": "Succeeded",
        "completionTime": "t",
        "traceparent": "x",
        "jobName": "j",
        "target": "T",
        "stages": [1],
    }
    obj = {
        "metadata": {"name": "a"},
        "spec": {"action": "scale", "parameters": {"a": 1}},
        "status": {**status, "result": {}},
    }
    kept = trim_execution(obj)
    assert kept["spec"] == {"action": "scale"}
    assert kept["status"].keys() == {"phase", "completionTime", "traceparent", "jobName", "target"}
    assert trim_execution({**obj, "status": {"phase": "Running", "stages": [1]}})["status"]["stages"] == [1]


def test_what_an_author_makes_large_is_not_kept():
    annotations = {"kubernaut.io/requested-by": "a" * 200_000, "other": "x" * 200_000}
    metadata = {
        "name": "a",
        "generation": 2,
        "annotations": annotations,
        "labels": {f"k{n}": "v" * 60 for n in range(999)},
    }
    spec = {"action": "scale", "suspend": True, "parameters": {"name": "x" * 1_400_000}}
    kept = trim_execution({"metadata": metadata, "spec": spec, "status": {}})
    assert len(json.dumps(kept)) < 1000
    view = ExecutionView(kept)
    assert "it is longer than" in view.annotation_problem
    assert view.parameters_problem == "parameters: 1367 KiB exceed the 96 KiB that reach a pod; shorten them"


def test_parameters_that_reach_a_pod_are_kept():
    spec = {"action": "scale", "parameters": {"name": "x" * 90_000}}
    kept = trim_execution({"metadata": {"name": "a"}, "spec": spec})
    assert (kept["spec"], ExecutionView(kept).parameters_problem) == (spec, "")


def test_a_job_keeps_the_fields_of_its_spec_that_are_read():
    spec = {"activeDeadlineSeconds": 5, "backoffLimit": 2, "podFailurePolicy": {"rules": []}}
    template = {"spec": {"serviceAccountName": "scaler", "containers": [{}]}}
    job = {
        "metadata": {"name": "j", "annotations": {"a": "b"}, "managedFields": []},
        "spec": {**spec, "template": template},
    }
    kept = trim_job(job)
    assert kept["spec"] == {
        "activeDeadlineSeconds": 5,
        "podFailurePolicy": {"rules": []},
        "serviceAccountName": "scaler",
    }
    assert kept["metadata"] == {"name": "j", "annotations": {"a": "b"}}


def test_a_pod_keeps_its_node_and_its_status():
    pod = {
        "metadata": {"name": "p", "annotations": {}},
        "spec": {"nodeName": "n", "containers": [{}]},
        "status": {"phase": "Running"},
    }
    assert trim_pod(pod) == {"metadata": {"name": "p"}, "spec": {"nodeName": "n"}, "status": {"phase": "Running"}}
    assert trim_pod({"metadata": {"name": "p"}, "spec": {}})["spec"] == {}
