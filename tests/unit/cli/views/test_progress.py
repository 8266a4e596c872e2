"""What is shown of an execution under way, from the flat stages of yesterday's engine and the nested ones of tomorrow's alike."""

import json

import pytest

from kubernaut.api.view import ExecutionView
from kubernaut.cli.views.progress import planned_changes, stage_lines
from kubernaut.cli.views.summary import stages_line

T = "2026-11-01T10:00:0{}Z"


def stage(name, begin=0, end=1, **more):
    return {"name": name, "startTime": T.format(begin), **({"endTime": T.format(end)} if end else {}), **more}


def execution(**status):
    return ExecutionView(
        {"metadata": {"name": "more", "namespace": "prod"}, "spec": {"action": "scale"}, "status": status}
    )


def summarized(stages):
    return stages_line(execution(stages=stages).status.stages)


FLAT = [
    stage("validate"),
    stage("create-job", 1, 2),
    stage("start", 2, 4),
    stage("dry-run", 4, 5),
    stage("record", 5, 6),
]
NESTED = [
    stage("wait", 0, 2, detail="TargetBusy"),
    stage("validate", 2, 3),
    stage("policy", 2, 3, within="validate", detail="freeze-windows"),
    stage("create-job", 3, 4),
    stage("request", 3, 4, within="create-job"),
    stage("attempt", 4, 5, attempt=1, detail="pod-1", error="evicted"),
    stage("attempt", 5, 8, attempt=2, detail="pod-2"),
    stage("schedule", 5, 6, within="attempt", attempt=2),
    stage("execute", 6, 8, within="attempt", attempt=2),
    stage("request", 6, 7, within="execute", attempt=2),
    stage("record", 8, 9),
]


def report(step, state="done", **more):
    return json.dumps(
        {"kubernaut": 1, "step": step, "state": state, "started": 1793527202.5, "finished": 1793527203.0, **more}
    )


def pod(name="p", dry_run=None, execute=None, scheduled=True, phase="Running", created=0):
    conditions = [{"type": "PodScheduled", "status": "True", "lastTransitionTime": T.format(created + 1)}]
    told = [{"name": n, "state": s} for n, s in (("dry-run", dry_run), ("execute", execute)) if s is not None]
    status = {"phase": phase, "conditions": conditions if scheduled else [], "containerStatuses": told}
    return {"metadata": {"name": name, "creationTimestamp": T.format(created)}, "spec": {}, "status": status}


def over(step, code=0, **more):
    return {
        "terminated": {
            "exitCode": code,
            "startedAt": T.format(2),
            "finishedAt": T.format(3),
            "message": report(step, **more),
        }
    }


WAITING, RUNNING = {"waiting": {"reason": "PodInitializing"}}, {"running": {"startedAt": T.format(2)}}


def told(status, pods):
    return [(line.name, line.state) for line in stage_lines(execution(**status), pods)]


def test_the_one_line_summary_has_the_top_level_and_of_attempts_their_parts():
    assert summarized(FLAT) == "validate 1.0 s · create-job 1.0 s · start 2.0 s · dry-run 1.0 s · record 1.0 s"
    assert summarized(NESTED) == (
        "wait for TargetBusy 2.0 s · validate 1.0 s · create-job 1.0 s · attempt 1.0 s · "
        "schedule (2) 1.0 s · execute (2) 2.0 s · record 1.0 s"
    )
    assert summarized([stage("wait", 0, 0), stage("validate", 1, 1)]) == "wait so far · validate under 1 s"


@pytest.mark.parametrize("stages", [FLAT, NESTED], ids=["flat", "nested"])
def test_after_the_end_the_status_alone_counts(stages):
    lines = stage_lines(execution(phase="Failed", stages=stages), [pod()])
    assert not any(line.is_current for line in lines)
    assert [line.name for line in lines][-1] == "record"


def test_what_waits_says_for_what():
    (line,) = stage_lines(execution(phase="Pending", reason="TargetBusy", message="Waiting for x"), None)
    assert (line.name, line.state, line.detail) == ("TargetBusy", "waiting", "Waiting for x")
    assert told({}, None) == [("created", "waiting")]


RUN = {"phase": "Running", "message": "Job j runs.", "stages": [stage("validate"), stage("create-job", 1, 1)]}
BEFORE = [("validate", "done"), ("create-job", "done")]


@pytest.mark.parametrize(
    ("pods", "shown"),
    [
        pytest.param(None, [("run", "running")], id="pods that may not be read"),
        pytest.param([], [("schedule", "running")], id="no pod yet"),
        pytest.param([pod(scheduled=False)], [("schedule", "running")], id="no node yet"),
        pytest.param([pod(dry_run=WAITING)], [("schedule", "done"), ("start", "running")], id="on its node"),
        pytest.param(
            [pod(dry_run=RUNNING, execute=WAITING)],
            [("schedule", "done"), ("start", "done"), ("dry-run", "running")],
            id="dry run",
        ),
        pytest.param(
            [pod(dry_run=over("dry-run"), execute=WAITING)],
            [("schedule", "done"), ("start", "done"), ("dry-run", "done"), ("execute", "running")],
            id="between the steps",
        ),
        pytest.param(
            [pod(dry_run=over("dry-run"), execute=over("execute"), phase="Succeeded")],
            [("schedule", "done"), ("start", "done"), ("dry-run", "done"), ("execute", "done"), ("record", "running")],
            id="its end not recorded",
        ),
        pytest.param(
            [pod(dry_run=over("dry-run", 42, state="rejected"), execute=WAITING, phase="Failed")],
            [("schedule", "done"), ("start", "done"), ("dry-run", "failed"), ("wait", "waiting")],
            id="refused",
        ),
        pytest.param(
            [
                pod("a", dry_run=over("dry-run", 1, state="error"), execute=WAITING, phase="Failed"),
                pod("b", dry_run=WAITING, created=5),
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
def test_while_the_job_runs_its_pods_tell_how_far_it_is(pods, shown):
    assert told(RUN, pods) == [*BEFORE, *shown]


def test_why_a_pod_does_not_start_is_told():
    waiting = {"waiting": {"reason": "ImagePullBackOff", "message": "no such host"}}
    assert "no such host" in stage_lines(execution(**RUN), [pod(dry_run=waiting)])[-1].detail


def test_what_a_dry_run_plans_is_known_as_soon_as_it_has_passed():
    change = {"kind": "Deployment", "name": "web", "field": "spec.replicas", "before": 2, "after": 3}
    (found,) = planned_changes([pod(dry_run=over("dry-run", changes=[change]), execute=WAITING)])
    assert (found.before, found.after) == (2, 3)
    assert planned_changes([pod(dry_run=over("dry-run", 42, state="rejected", changes=[change]))]) == ()
    assert planned_changes([pod(dry_run=RUNNING)]) == planned_changes([]) == ()
