"""What is kept of an execution that has ended."""

from kubernaut.controller.transforms import trimmed_execution


def test_of_an_ended_execution_only_what_is_still_asked_for_is_kept():
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
    kept = trimmed_execution(obj)
    assert kept["spec"] == {"action": "scale"}
    assert kept["status"].keys() == {"phase", "completionTime", "traceparent", "jobName", "target"}
    assert trimmed_execution({**obj, "status": {"phase": "Running", "stages": [1]}})["status"]["stages"] == [1]
