"""What is shown of an execution in progress, from its status and its pods."""

import pytest

from kubernaut.caller.progress import planned_changes, stage_lines
from tests.support.executions import CHANGE, RUNNING, WAITING, ended_step, make_execution, make_pod, make_stage


def names_and_states(status, pods):
    return [(line.name, line.state) for line in stage_lines(make_execution(**status), pods)]


@pytest.mark.parametrize(
    "stages",
    [
        pytest.param([make_stage("dry-run"), make_stage("record", 1, 2)], id="flat stages"),
        pytest.param(
            [
                make_stage("attempt", attempt=1),
                make_stage("dry-run", within="attempt", attempt=1),
                make_stage("record", 1, 2),
            ],
            id="nested stages",
        ),
    ],
)
def test_after_the_end_only_the_recorded_stages_are_shown(stages):
    found = names_and_states({"phase": "Failed", "stages": stages}, [make_pod(execute=RUNNING)])
    assert found == [("dry-run", "done"), ("record", "done")]


def test_a_failed_stage_has_its_error():
    (line,) = stage_lines(make_execution(phase="Failed", stages=[make_stage("dry-run", error="exit code 42")]), None)
    assert (line.state, line.seconds, line.detail) == ("failed", 1.0, "exit code 42")


def test_a_waiting_execution_shows_what_it_waits_for():
    (line,) = stage_lines(make_execution(phase="Pending", reason="TargetBusy", message="Waiting for x"), None)
    assert (line.name, line.state, line.detail) == ("TargetBusy", "waiting", "Waiting for x")
    assert names_and_states({}, None) == [("created", "waiting")]


def test_a_recorded_wait_that_lasts_is_the_current_stage():
    stages = [make_stage("wait", 0, 0, detail="Queued")]
    assert names_and_states({"phase": "Pending", "stages": stages}, None) == [("wait for Queued", "waiting")]


RUN = {"phase": "Running", "message": "Job j runs.", "stages": [make_stage("validate"), make_stage("create-job", 1, 1)]}
BEFORE = [("validate", "done"), ("create-job", "done")]


@pytest.mark.parametrize(
    ("pods", "lines"),
    [
        pytest.param(None, [("run", "running")], id="pods that cannot be read"),
        pytest.param([], [("schedule", "running")], id="no pod yet"),
        pytest.param([make_pod(scheduled=False)], [("schedule", "running")], id="a pod without a node"),
        pytest.param([make_pod(dry_run=WAITING)], [("schedule", "done"), ("start", "running")], id="a scheduled pod"),
        pytest.param(
            [make_pod(dry_run=RUNNING, execute=WAITING)],
            [("schedule", "done"), ("start", "done"), ("dry-run", "running")],
            id="a running dry run",
        ),
        pytest.param(
            [make_pod(dry_run=ended_step("dry-run"), execute=WAITING)],
            [("schedule", "done"), ("start", "done"), ("dry-run", "done"), ("execute", "running")],
            id="between the steps",
        ),
        pytest.param(
            [make_pod(execute=RUNNING)],
            [("schedule", "done"), ("start", "done"), ("dry-run + execute", "running")],
            id="both steps in one container",
        ),
        pytest.param(
            [make_pod(execute=ended_step("execute", rehearsal={"state": "done"}), phase="Succeeded")],
            [("schedule", "done"), ("start", "done"), ("dry-run", "done"), ("execute", "done"), ("record", "running")],
            id="both steps have ended in one container",
        ),
        pytest.param(
            [make_pod(dry_run=ended_step("dry-run"), execute=ended_step("execute"), phase="Succeeded")],
            [("schedule", "done"), ("start", "done"), ("dry-run", "done"), ("execute", "done"), ("record", "running")],
            id="a success that is not recorded yet",
        ),
        pytest.param(
            [make_pod(dry_run=ended_step("dry-run", 42, state="rejected"), execute=WAITING, phase="Failed")],
            [("schedule", "done"), ("start", "done"), ("dry-run", "failed"), ("wait", "waiting")],
            id="a rejected dry run",
        ),
        pytest.param(
            [
                make_pod("a", dry_run=ended_step("dry-run", 1, state="error"), execute=WAITING, phase="Failed"),
                make_pod("b", dry_run=WAITING, created=5),
            ],
            [
                ("schedule", "done"),
                ("start", "done"),
                ("dry-run", "failed"),
                ("schedule (2)", "done"),
                ("start (2)", "running"),
            ],
            id="a second attempt",
        ),
    ],
)
def test_pods_show_how_far_a_running_execution_is(pods, lines):
    assert names_and_states(RUN, pods) == [*BEFORE, *lines]


def test_a_pod_that_does_not_start_shows_why():
    waiting = {"waiting": {"reason": "ImagePullBackOff", "message": "no such host"}}
    assert "no such host" in stage_lines(make_execution(**RUN), [make_pod(dry_run=waiting)])[-1].detail


def test_the_changes_of_a_passed_dry_run_are_planned():
    (found,) = planned_changes([make_pod(dry_run=ended_step("dry-run", changes=[CHANGE]), execute=WAITING)])
    assert (found.before, found.after) == (2, 3)


@pytest.mark.parametrize(
    "pods",
    [
        pytest.param([make_pod(dry_run=ended_step("dry-run", 42, state="rejected", changes=[CHANGE]))], id="rejected"),
        pytest.param([make_pod(dry_run=RUNNING)], id="running"),
        pytest.param([], id="without a pod"),
    ],
)
def test_a_dry_run_that_has_not_passed_plans_nothing(pods):
    assert planned_changes(pods) == ()
