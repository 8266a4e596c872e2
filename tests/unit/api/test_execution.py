"""The model of the custom resource: what it writes, and what it reads back."""

import json
from datetime import UTC, datetime

import pytest

from kubernaut.api.execution import Condition, ExecutionStatus, Phase, Reason
from kubernaut.api.plugin import Change, Result
from kubernaut.api.stages import Stage, StageRequest
from kubernaut.printable import is_printable

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def test_a_merge_patch_has_only_the_given_fields_and_null_for_none():
    changes = ExecutionStatus(phase=Phase.RUNNING, held_since=None, job_name="j", start_time=NOON)
    assert changes.merge_patch() == {
        "phase": "Running",
        "heldSince": None,
        "jobName": "j",
        "startTime": "2026-05-01T12:00:00Z",
    }


HOSTILE = "a\x1b[2Jb\x9b31mc\u202ed"


def test_what_strangers_write_is_recorded_without_what_steers_a_terminal():
    condition = Condition(type="PodReady", status="False", reason="X", message=HOSTILE, last_transition_time=NOON)
    request = StageRequest(verb="GET", resource=HOSTILE, name=HOSTILE)
    stage = Stage(name="request", start_time=NOON, detail=HOSTILE, error=HOSTILE, request=request)
    outputs = {HOSTILE: [HOSTILE, {HOSTILE: HOSTILE, "n": 1}]}
    status = ExecutionStatus(
        message=HOSTILE,
        target=HOSTILE,
        requested_by=HOSTILE,
        log_tail=HOSTILE,
        conditions=(condition,),
        stages=(stage,),
        result=Result(outputs=outputs, irreversible=HOSTILE),
    )
    written = status.to_json()
    assert is_printable(json.dumps(written, ensure_ascii=False))
    assert (written["message"], written["result"]["outputs"]) == ("abcd", {"abcd": ["abcd", {"abcd": "abcd", "n": 1}]})


def test_the_values_of_a_change_are_recorded_as_they_are():
    change = Change(kind="ConfigMap", name="c", field="data.k", before=HOSTILE, after="x")
    written = ExecutionStatus(result=Result(changes=(change,))).to_json()
    assert written["result"]["changes"][0]["before"] == HOSTILE, "an undo writes it back"


def test_a_status_is_read_back_as_it_was_written():
    request = StageRequest(verb="PATCH", resource="v1/configmaps", name="c", code=200, count=2)
    status = ExecutionStatus(
        phase=Phase.FAILED, reason="Lost", stages=(Stage(name="request", start_time=NOON, request=request),)
    )
    assert ExecutionStatus.model_validate(status.to_json()) == status


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        (StageRequest(verb="GET", resource="jobs", code=404), "GET jobs 404"),
        (
            StageRequest(verb="PATCH", resource="v1/configmaps", name="c", code=200, count=3),
            "PATCH v1/configmaps c 200 (3 times)",
        ),
        (StageRequest(verb="POST", resource="events"), "POST events 000"),
    ],
)
def test_a_request_reads_as_one_line(request_, text):
    assert str(request_) == text


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_belongs_to_a_phase_that_has_reasons(reason):
    assert reason.phase in {Phase.PENDING, Phase.FAILED, Phase.SKIPPED, Phase.CANCELLED}


def test_four_phases_are_final():
    assert {phase for phase in Phase if phase.ended} == {"Succeeded", "Failed", "Skipped", "Cancelled"}
