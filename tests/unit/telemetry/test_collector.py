"""Gauges that are read at the scrape: an empty engine, and one with waiting executions."""

from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, generate_latest

from kubernaut.api.view import ExecutionView
from kubernaut.telemetry.collector import EngineState, StateCollector

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def exposed(*executions, **state):
    idle = {
        "executions": lambda: executions,
        "running": lambda: 0,
        "queued": lambda: 0,
        "longest_running": lambda: 0.0,
        "longest_queued": lambda: 0.0,
        "leading": lambda: False,
        "watch_restarts": dict,
        "lost": dict,
        "now": lambda: NOON,
        "plan_max_age": 3600,
    }
    registry = CollectorRegistry()
    registry.register(StateCollector(EngineState(**{**idle, **state})))
    return generate_latest(registry).decode()


def execution(phase, reason=None, since="2026-05-01T11:59:00Z"):
    metadata = {"name": "a", "creationTimestamp": "2026-05-01T11:00:00Z"}
    return ExecutionView(
        {
            "metadata": metadata,
            "status": {"phase": phase, "reason": reason, "stages": [{"name": "wait", "startTime": since}]},
        }
    )


def test_an_idle_engine_exposes_zeros():
    text = exposed()
    assert "kubernaut_leader 0.0" in text
    assert "kubernaut_executions_present 0.0" in text
    assert "kubernaut_waiting{" not in text


def test_waiting_executions_are_counted_by_reason_with_the_longest_wait():
    text = exposed(
        execution("Pending", "TargetBusy"),
        execution("Pending", "TargetBusy", "2026-05-01T11:30:00Z"),
        execution("Pending", "CoolingDown"),
        execution("Running"),
    )
    assert 'kubernaut_waiting{reason="TargetBusy"} 2.0' in text
    assert 'kubernaut_waiting_longest_seconds{reason="TargetBusy"} 1800.0' in text
    assert 'kubernaut_waiting{reason="CoolingDown"} 1.0' in text
    assert "kubernaut_executions_present 4.0" in text


def test_restarts_of_watches_and_losses_are_counters_by_label():
    text = exposed(watch_restarts=lambda: {"jobs": 4}, lost=lambda: {"events": 1})
    assert 'kubernaut_watch_restarts_total{resource="jobs"} 4.0' in text
    assert 'kubernaut_lost_total{what="events"} 1.0' in text


def test_open_proposals_are_those_that_can_still_be_approved():
    def proposal(ended, **status):
        metadata = {"name": "a", "creationTimestamp": "2026-05-01T10:00:00Z"}
        planned = {"phase": "Succeeded", "completionTime": ended, "planDigest": "sha256:1", **status}
        return ExecutionView({"metadata": metadata, "spec": {"dryRun": True}, "status": planned})

    text = exposed(
        proposal("2026-05-01T11:50:00Z"),
        proposal("2026-05-01T11:30:00Z"),
        proposal("2026-05-01T10:30:00Z"),
        proposal("2026-05-01T11:20:00Z", approval={"execution": "b"}),
        proposal("2026-05-01T11:10:00Z", planDigest=None),
    )
    assert "kubernaut_open_proposals 2.0" in text
    assert "kubernaut_open_proposals_oldest_seconds 1800.0" in text
