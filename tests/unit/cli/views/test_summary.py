"""The result of an execution in a few lines."""

import pytest

from kubernaut.caller.commands import execute_command
from kubernaut.caller.progress import format_state
from kubernaut.cli.views.summary import (
    detail_lines,
    result_lines,
    stages_line,
    styled_state,
    summary,
)
from tests.support.executions import CHANGE, ROLLBACK, T, make_execution, make_stage
from tests.support.shown import shown

RESULT = {"changes": [CHANGE], "rollback": ROLLBACK}
FLAT = [
    make_stage("validate"),
    make_stage("create-job", 1, 2),
    make_stage("start", 2, 4),
    make_stage("dry-run", 4, 5),
    make_stage("record", 5, 6),
]
NESTED = [
    make_stage("wait", 0, 2, detail="TargetBusy"),
    make_stage("validate", 2, 3),
    make_stage("policy", 2, 3, within="validate", detail="freeze-windows"),
    make_stage("create-job", 3, 4),
    make_stage("request", 3, 4, within="create-job"),
    make_stage("attempt", 4, 5, attempt=1, detail="pod-1", error="evicted"),
    make_stage("attempt", 5, 8, attempt=2, detail="pod-2"),
    make_stage("schedule", 5, 6, within="attempt", attempt=2),
    make_stage("execute", 6, 8, within="attempt", attempt=2),
    make_stage("request", 6, 7, within="execute", attempt=2),
    make_stage("record", 8, 9),
]


def executed(message):
    return {
        "type": "Executed",
        "status": "True",
        "reason": "Done",
        "message": message,
        "lastTransitionTime": T.format(1),
    }


@pytest.mark.parametrize(
    ("execution", "line"),
    [
        pytest.param(
            make_execution(phase="Succeeded", message="Changed web.", result=RESULT), "Succeeded", id="listed changes"
        ),
        pytest.param(
            make_execution(phase="Succeeded", message="Would change web.", result=RESULT, dry_run=True),
            "Succeeded, dry run only: nothing was changed",
            id="a dry run",
        ),
        pytest.param(
            make_execution(phase="Succeeded", message="PR 7 is open.", result=RESULT, conditions=[executed("PR 7")]),
            "Succeeded  PR 7 is open.",
            id="a conclusion of the action's own",
        ),
        pytest.param(
            make_execution(phase="Succeeded", message="Nothing was changed."),
            "Succeeded  Nothing was changed.",
            id="no changes",
        ),
        pytest.param(
            make_execution(phase="Failed", reason="Forbidden", message="[red] is not allowed", result=RESULT),
            "Failed (Forbidden)  [red] is not allowed",
            id="a failure",
        ),
    ],
)
def test_the_message_is_shown_unless_it_only_repeats_the_changes(execution, line):
    assert shown(summary(execution)) == f"{line}\n"


def test_a_state_is_phase_and_reason():
    assert format_state("Failed", "Forbidden") == "Failed (Forbidden)"
    assert format_state("Running", None) == "Running"
    assert shown(styled_state("Failed", "Forbidden"), terminal=True) == "\x1b[31mFailed\x1b[0m (Forbidden)\n"


def test_details_are_changes_undo_log_and_time():
    execution = make_execution(phase="Failed", result=RESULT, logTail="one\n[two]", stages=FLAT[:1])
    assert shown(*detail_lines(execution)).splitlines() == [
        "  Deployment/web spec.replicas: 2 → 3",
        "  undo: kubernaut rollback more -n prod",
        "  end of its log:",
        "    one",
        "    [two]",
        "  time: validate 1.0 s",
    ]


def test_an_execution_without_a_result_has_no_details():
    assert detail_lines(make_execution(phase="Pending")) == []


def test_planned_changes_are_marked_and_outputs_follow():
    result = {"changes": [CHANGE], "outputs": {"url": "https://x", "diff": "+new\n-old"}}
    lines = result_lines(make_execution(phase="Succeeded", dry_run=True, result=result))
    assert shown(*lines).splitlines() == [
        "Deployment/web spec.replicas: 2 → 3 (planned)",
        "url: https://x",
        "diff: ",
        "    +new",
        "    -old",
    ]
    assert "\x1b[32m+new\x1b[0m" in shown(*lines, terminal=True)


def test_a_command_that_executes_has_its_parameters_quoted():
    command = execute_command("scale", "prod", {"name": "a b", "replicas": 3})
    assert command == "kubernaut execute scale -n prod -p 'name=a b' -p replicas=3"


def test_stages_in_one_line_have_the_top_level_and_the_parts_of_attempts():
    assert summarized(FLAT) == "validate 1.0 s · create-job 1.0 s · start 2.0 s · dry-run 1.0 s · record 1.0 s"
    assert summarized(NESTED) == (
        "wait for TargetBusy 2.0 s · validate 1.0 s · create-job 1.0 s · attempt 1.0 s · "
        "schedule (2) 1.0 s · execute (2) 2.0 s · record 1.0 s"
    )


def test_a_stage_that_lasts_and_one_without_a_measurable_time_say_so():
    assert summarized([make_stage("wait", 0, 0), make_stage("validate", 1, 1)]) == "wait so far · validate under 1 s"


def summarized(stages):
    return stages_line(make_execution(stages=stages).status.stages)
