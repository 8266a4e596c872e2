"""Executions as rows: the same cells in a table and in a stream of lines."""

from datetime import UTC, datetime

import pytest

from kubernaut.api.view import ExecutionView
from kubernaut.caller.summaries import execution_duration
from kubernaut.cli.views.rows import execution_line, executions_table
from kubernaut.telemetry.audit import audit_record
from tests.support.executions import T, make_execution
from tests.support.shown import shown

NOW = datetime(2026, 11, 1, 10, 3, 10, tzinfo=UTC)
DONE = make_execution(
    phase="Failed",
    reason="Forbidden",
    target="Deployment/web",
    requestedBy="anna",
    startTime=T.format(1),
    completionTime=T.format(3),
    attempts=2,
    jobName="more-1",
    message="it is [not] allowed",
)


def test_a_table_has_a_row_per_execution():
    head, row = shown(executions_table([DONE], NOW)).splitlines()
    assert head.split() == ["NAME", "ACTION", "TARGET", "PHASE", "REASON", "BY", "AGE", "TOOK"]
    assert row.split() == ["more", "scale", "Deployment/web", "Failed", "Forbidden", "anna", "3m10s", "2.0", "s"]


def test_a_wide_table_adds_attempts_job_and_message():
    head, row = shown(executions_table([DONE], NOW, wide=True)).splitlines()
    assert head.split()[-3:] == ["ATTEMPTS", "JOB", "MESSAGE"]
    assert row.rstrip().endswith("2         more-1  it is [not] allowed")


def test_a_table_of_all_namespaces_begins_with_the_namespace():
    head, row = shown(executions_table([DONE], NOW, namespaced=True)).splitlines()
    assert (head.split()[0], row.split()[0]) == ("NAMESPACE", "prod")


def test_the_phase_has_its_colour():
    assert "\x1b[31mFailed" in shown(executions_table([DONE], NOW), terminal=True)


def test_a_line_marks_empty_cells():
    execution = make_execution(dry_run=True, phase="Pending")
    assert execution_line(execution, NOW) == "more  scale (dry run)  -  Pending  -  -  3m10s  -"
    assert execution_line(execution, NOW, namespaced=True, wide=True).startswith("prod  more  ")
    assert execution_line(execution, NOW, wide=True).endswith("-  -  -")


@pytest.mark.parametrize(
    ("status", "duration"),
    [
        pytest.param({"phase": "Pending"}, "", id="not started"),
        pytest.param({"phase": "Running", "startTime": T.format(5)}, "3m5s", id="running"),
        pytest.param(
            {"phase": "Succeeded", "startTime": T.format(1), "completionTime": T.format(3)}, "2.0 s", id="ended"
        ),
        pytest.param({"phase": "Failed", "startTime": T.format(1)}, "", id="ended without a time"),
    ],
)
def test_a_duration_is_from_start_to_end_or_now(status, duration):
    assert execution_duration(audit_record(make_execution(**status)), NOW) == duration


def test_an_execution_without_a_status_has_a_row_too():
    obj = {"metadata": {"name": "more", "namespace": "prod"}, "spec": {"action": "scale"}}
    assert execution_line(ExecutionView(obj), NOW) == "more  scale  -  Pending  -  -  -  -"
