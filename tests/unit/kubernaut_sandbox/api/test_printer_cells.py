"""The cells of tables, as kubectl computes them from an object."""

from __future__ import annotations

from typing import Any

import pytest

from kubernaut_sandbox.api.printer_cells import job_status, node_status, pod_ready, pod_status, quota_usage


def pod(phase: str, *states: dict[str, Any], init: tuple[dict[str, Any], ...] = (), **metadata: str) -> dict[str, Any]:
    """A pod whose containers have these states; a state may say `ready`."""
    statuses = [{"state": state, "ready": bool(state.get("running"))} for state in states]
    spec = {"containers": [{}] * len(states), "initContainers": [{}] * len(init)}
    status = {"phase": phase, "containerStatuses": statuses, "initContainerStatuses": [{"state": s} for s in init]}
    return {"metadata": metadata, "spec": spec, "status": status}


_RUNNING = {"running": {"startedAt": "2030-01-01T00:00:00Z"}}
_DONE = {"terminated": {"exitCode": 0, "reason": "Completed"}}
_FAILED = {"terminated": {"exitCode": 3}}
_CREATING = {"waiting": {"reason": "ContainerCreating"}}
_INITIALIZING = {"waiting": {"reason": "PodInitializing"}}


@pytest.mark.parametrize(
    ("shown", "status"),
    [
        pytest.param(pod("Pending"), "Pending", id="the phase"),
        pytest.param(pod("Pending", _CREATING), "ContainerCreating", id="why a container waits"),
        pytest.param(pod("Running", _RUNNING, _DONE), "Running", id="running beside a finished container"),
        pytest.param(pod("Failed", _FAILED), "ExitCode:3", id="an exit code without a reason"),
        pytest.param(pod("Succeeded", _DONE), "Completed", id="completed"),
        pytest.param(pod("Pending", _INITIALIZING, init=(_DONE, _RUNNING)), "Init:1/2", id="the second init container"),
        pytest.param(pod("Pending", _INITIALIZING, init=(_FAILED,)), "Init:Error", id="a failed init container"),
        pytest.param(pod("Pending", _INITIALIZING, init=(_CREATING,)), "Init:ContainerCreating", id="a waiting one"),
        pytest.param(pod("Running", _RUNNING, deletionTimestamp="now"), "Terminating", id="being deleted"),
        pytest.param(pod("Succeeded", _DONE, deletionTimestamp="now"), "Completed", id="deleted after completion"),
    ],
)
def test_the_status_of_a_pod_is_its_phase_or_a_reason(shown: dict[str, Any], status: str) -> None:
    assert pod_status(shown) == status


def test_the_ready_cell_counts_ready_containers() -> None:
    assert pod_ready(pod("Running", _RUNNING, _DONE)) == "1/2"


@pytest.mark.parametrize(
    ("conditions", "status"),
    [([], "Running"), (["FailureTarget"], "FailureTarget"), (["FailureTarget", "Failed"], "Failed")],
)
def test_the_status_of_a_job_is_its_last_condition(conditions: list[str], status: str) -> None:
    listed = [{"type": kind, "status": "True"} for kind in conditions]
    assert job_status({"status": {"conditions": listed}}) == status


def test_a_cordoned_node_is_shown_as_such() -> None:
    ready = {"conditions": [{"type": "Ready", "status": "True"}]}
    assert node_status({"spec": {"unschedulable": True}, "status": ready}) == "Ready,SchedulingDisabled"
    assert node_status({}) == "NotReady"


def test_a_quota_shows_used_and_allowed_amounts() -> None:
    assert quota_usage({"status": {"hard": {"pods": "3", "count/jobs.batch": "1"}, "used": {"pods": "2"}}}) == (
        "count/jobs.batch: 0/1, pods: 2/3"
    )
