"""Waits that are opened and closed in an execution's status, and where its trace starts."""

from datetime import UTC, datetime, timedelta

from kubernaut.api.execution import Reason
from kubernaut.api.view import ExecutionView
from kubernaut.telemetry.stages import close_wait, open_wait, trace_start

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def at(seconds):
    return NOON + timedelta(seconds=seconds)


def execution(stages=(), created=0):
    status = {"stages": list(stages)} if stages else {}
    return ExecutionView({"metadata": {"creationTimestamp": at(created).isoformat()}, "status": status})


def test_a_wait_is_one_stage_that_stays_open_until_it_ends():
    first = open_wait(execution(), Reason.TARGET_BUSY, at(3))
    assert [(s.name, s.detail, s.start_time, s.end_time) for s in first] == [("wait", "TargetBusy", NOON, None)]
    kept = execution([s.to_json() for s in first])
    assert open_wait(kept, Reason.TARGET_BUSY, at(5)) is None
    second = open_wait(kept, Reason.COOLING_DOWN, at(6))
    assert [(s.detail, s.end_time) for s in second] == [("TargetBusy", at(6)), ("CoolingDown", None)]
    assert [s.end_time for s in close_wait(kept, at(9))] == [at(9)]


def test_the_time_before_the_first_reconcile_is_recorded_as_queued():
    assert [(s.detail, s.end_time) for s in close_wait(execution(), at(4))] == [("Queued", at(4))]
    assert close_wait(execution(), at(0.01)) == []


def test_a_trace_starts_with_its_first_stage_if_that_started_within_the_second_of_its_creation():
    stage = {"name": "validate", "startTime": "2026-05-01T12:00:00.400000Z", "endTime": "2026-05-01T12:00:01Z"}
    assert trace_start(execution([stage])) == at(0.4)
    assert trace_start(execution([{**stage, "startTime": "2026-05-01T12:00:07Z"}])) == NOON
