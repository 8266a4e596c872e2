"""What is kept of watched objects in memory."""

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
