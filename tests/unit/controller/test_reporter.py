"""What is reported about starts and ends, and what a new leader sends again."""

import logging
from datetime import timedelta

import pytest

from kubernaut.api.timestamps import now
from kubernaut.api.view import ExecutionView
from kubernaut.controller.reporter import ExecutionReporter
from kubernaut.errors import UnavailableError
from kubernaut.kube.objects import EVENTS, EXECUTIONS
from kubernaut.telemetry.logs import AUDIT_LOGGER


class RecordingTracing:
    """Records what is sent, or fails."""

    def __init__(self, error=None):
        self.sent, self._error = [], error

    def send(self, execution, _now, rolled_back=None):
        if self._error:
            raise self._error
        self.sent.append((execution.name, rolled_back))


def reporter(ground, tracing):
    return ExecutionReporter(ground.caches, ground.events, ground.metrics, tracing, str)


def ended(ground, name, seconds_ago=1, **annotations):
    metadata = {"name": name, "namespace": "production", "uid": f"uid-{name}", "annotations": annotations}
    status = {
        "phase": "Failed",
        "reason": "Lost",
        "completionTime": (now() - timedelta(seconds=seconds_ago)).isoformat(),
    }
    ground.see(EXECUTIONS, {"metadata": metadata, "spec": {"action": "scale"}, "status": status})


async def test_an_end_is_one_line_of_the_audit_log_with_the_whole_record(ground, caplog):
    key, _ = await ground.started()
    with caplog.at_level(logging.INFO, AUDIT_LOGGER):
        reporter(ground, RecordingTracing()).finished(ground.view(key))
        await ground.events.flush()
    ends = [record for record in caplog.records if record.name == AUDIT_LOGGER and record.audit["event"] == "ended"]
    (line,) = ends
    assert line.audit["execution"] == "more-web"
    assert line.audit["decision"] == "admitted"


async def test_the_trace_of_a_rollback_links_to_what_it_undoes(ground):
    tracing = RecordingTracing()
    original = ground.add("first")
    ended(ground, "undo", **{"kubernaut.io/rollback-of": "first"})
    (undo,) = [view for view in ground.caches.views() if view.name == "undo"]
    reporter(ground, tracing).finished(undo)
    await ground.events.flush()
    ((name, linked),) = tracing.sent
    assert (name, linked is not None) == ("undo", True)
    assert original.name == "first"


async def test_a_trace_that_cannot_be_sent_harms_nothing(ground, caplog):
    key, _ = await ground.started()
    reporter(ground, RecordingTracing(RuntimeError("bad span"))).finished(ground.view(key))
    await ground.events.flush()
    assert "cannot be sent" in caplog.text
    assert "Running" in ground.event_reasons(), "the Event is sent"


async def test_the_event_of_an_end_says_what_happened_and_for_whom_also_where_the_message_is_long(ground):
    key, _ = await ground.started()
    stored = ground.obj(key)
    for message in ("Changed a.", "x" * 2000):
        status = {"phase": "Succeeded", "message": message, "requestedBy": "anna"}
        reporter(ground, RecordingTracing()).finished(ExecutionView({**stored, "status": status}))
    await ground.events.flush()
    short, long = (event["message"] for event in ground.cluster.all(EVENTS))
    assert short == "Changed a. The execution was requested by anna."
    assert (len(long), long[:2], long[-5:]) == (1024, "xx", "anna.")


async def test_an_execution_that_still_runs_when_the_engine_stops_has_the_event_of_its_start(ground):
    await ground.started()
    assert ground.event_reasons() == []
    await ground.events.flush()
    assert ground.event_reasons() == ["Started"]


async def test_a_new_leader_sends_the_latest_traces_again_and_no_older_ones(ground):
    tracing = RecordingTracing()
    ended(ground, "latest", seconds_ago=60)
    ended(ground, "older", seconds_ago=180)
    ground.add("waiting")
    await reporter(ground, tracing).resend_recent(ground.cluster)
    assert [name for name, _ in tracing.sent] == ["latest"]


@pytest.mark.parametrize("error", [UnavailableError("down")])
async def test_a_trace_that_cannot_be_read_again_is_skipped(ground, error):
    tracing = RecordingTracing()
    ended(ground, "one")
    ended(ground, "two")
    ground.cluster.failures["list", EXECUTIONS.plural] = [error]
    await reporter(ground, tracing).resend_recent(ground.cluster)
    assert len(tracing.sent) == 1
