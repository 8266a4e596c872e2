"""The pods of a Job: which are counted, how many are missing, and how long to back off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kubernaut_sandbox.controllers.job_state import BackoffRecord, JobState, read_state
from kubernaut_sandbox.options import SandboxOptions

_FINALIZER = "tracking"


def pod(phase: str, *, counted: bool = False, deleting: bool = False, node: str = "sandbox") -> dict[str, Any]:
    """A pod of the Job."""
    metadata: dict[str, Any] = {"finalizers": [] if counted else [_FINALIZER], "creationTimestamp": _ago(60)}
    if deleting:
        metadata |= {"deletionTimestamp": _ago(1), "deletionGracePeriodSeconds": 0}
    return {"metadata": metadata, "spec": {"nodeName": node}, "status": {"phase": phase}}


def finished(exit_code: int, seconds_ago: float) -> dict[str, Any]:
    """A finished pod with a container that exited with this code."""
    terminated = {"exitCode": exit_code, "finishedAt": _ago(seconds_ago)}
    body = pod("Failed" if exit_code else "Succeeded")
    body["status"]["containerStatuses"] = [{"state": {"terminated": terminated}}]
    return body


def state(*pods: dict[str, Any], replacement: str = "TerminatingOrFailed") -> JobState:
    """The state of a Job with these pods."""
    options = SandboxOptions(backoff_base_seconds=10, backoff_max_seconds=60)
    return read_state({"spec": {"podReplacementPolicy": replacement}}, list(pods), _FINALIZER, options)


def _ago(seconds: float) -> str:
    return (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat()


@pytest.mark.parametrize(
    ("one", "replacement", "fields"),
    [
        pytest.param(pod("Running"), "Failed", {"active"}, id="running"),
        pytest.param(pod("Succeeded"), "Failed", {"uncounted_succeeded"}, id="succeeded"),
        pytest.param(pod("Succeeded", counted=True), "Failed", set(), id="counted before"),
        pytest.param(pod("Failed"), "Failed", {"uncounted_failed"}, id="failed"),
        pytest.param(pod("Running", deleting=True), "Failed", {"terminating"}, id="terminating"),
        pytest.param(
            pod("Running", deleting=True),
            "TerminatingOrFailed",
            {"terminating", "uncounted_failed"},
            id="terminating, and replaced at once",
        ),
        pytest.param(
            pod("Pending", deleting=True, node=""), "Failed", {"uncounted_failed"}, id="deleted before it had a node"
        ),
    ],
)
def test_a_pod_is_sorted_by_its_phase_and_deletion(one: dict[str, Any], replacement: str, fields: set[str]) -> None:
    sorted_pods = state(one, replacement=replacement)
    names = ("active", "terminating", "uncounted_succeeded", "uncounted_failed")
    assert {name for name in names if getattr(sorted_pods, name)} == fields


@pytest.mark.parametrize(
    ("spec", "succeeded", "missing"),
    [
        pytest.param({"parallelism": 3, "completions": 5}, 0, 2, id="up to the parallelism"),
        pytest.param({"parallelism": 3, "completions": 5}, 4, 0, id="no more than are left to complete"),
        pytest.param({"parallelism": 0, "completions": 5}, 0, -1, id="too many"),
        pytest.param({"parallelism": 3}, 1, 0, id="none after the first success of a work queue"),
    ],
)
def test_missing_pods_depend_on_parallelism_and_completions(spec: dict[str, int], succeeded: int, missing: int) -> None:
    assert state(pod("Running")).missing_pods(spec, succeeded) == missing


def test_a_terminating_pod_delays_its_replacement_only_under_the_policy_failed() -> None:
    spec = {"parallelism": 1, "completions": 1}
    assert state(pod("Running", deleting=True), replacement="Failed").missing_pods(spec, 0) == 0
    assert state(pod("Running", deleting=True)).missing_pods(spec, 0) == 1


def test_a_success_resets_the_backoff() -> None:
    before = BackoffRecord(4, _ago(100))
    assert state(finished(1, 9), finished(1, 3)).backoff_record_after(before).count == 6
    assert state(finished(0, 9), finished(1, 3)).backoff_record_after(before).count == 1
    assert state(finished(1, 9), finished(0, 3)).backoff_record_after(before) == BackoffRecord()


@pytest.mark.parametrize(("failures", "seconds"), [(0, 0), (1, 10), (2, 20), (3, 40), (4, 60), (99, 60)])
def test_the_backoff_doubles_up_to_its_maximum(failures: int, seconds: float) -> None:
    assert state().backoff_seconds(BackoffRecord(failures, _ago(0))) == pytest.approx(seconds, abs=1)


@pytest.mark.parametrize(("restarts", "limit", "exceeded"), [(0, 0, False), (1, 0, True), (1, 2, False), (2, 2, True)])
def test_restarts_in_place_count_towards_the_backoff_limit(restarts: int, limit: int, exceeded: bool) -> None:
    one = pod("Running")
    one["spec"]["restartPolicy"] = "OnFailure"
    one["status"]["containerStatuses"] = [{"restartCount": restarts}]
    assert state(one).exceeds_restart_limit(limit) is exceeded
