"""What an agent is told to do next."""

import pytest

from kubernaut.api.execution import Reason
from kubernaut.mcp.guidance import BY_REASON, next_for, next_for_run
from tests.support.executions import CHANGE, ROLLBACK, make_execution

DIGEST = f"sha256:{'0' * 64}"
APPROVAL = {"execution": "more-approved", "uid": "u", "time": "2026-11-01T10:05:00Z"}


def test_every_reason_has_its_advice():
    assert BY_REASON.keys() == set(Reason)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (
            {"planDigest": DIGEST, "result": {"changes": [CHANGE]}},
            "Only a person can approve: kubernaut approve more -n prod",
        ),
        ({"planDigest": DIGEST, "approval": APPROVAL}, "Execution more-approved carries it out"),
        ({"planDigest": DIGEST, "result": {"changes": []}}, "nothing to approve"),
        ({"result": {"changes": [CHANGE], "truncated": True}}, "cannot be approved: propose less at a time"),
    ],
    ids=["a plan", "an approved plan", "an empty plan", "a plan that is not whole"],
)
def test_after_a_rehearsal_a_person_decides(status, words):
    assert words in " ".join(next_for(make_execution(dry_run=True, phase="Succeeded", **status)))


def test_a_rejected_plan_is_not_proposed_again_unasked():
    rejected = make_execution(dry_run=True, phase="Succeeded", planDigest=DIGEST, result={"changes": [CHANGE]})
    rejected.json["spec"]["cancel"] = True
    assert next_for(rejected)[0].startswith("It was rejected, and nobody can approve it any more.")


def test_what_has_not_ended_is_waited_for_and_a_hold_is_for_a_person_to_lift():
    assert next_for(make_execution(phase="Running")) == ["Call wait_for with execution more."]
    (held,) = next_for(make_execution(phase="Pending", reason="BudgetExceeded"))
    assert held == "A person can let it start: kubernaut resume more -n prod. You cannot."


def test_what_was_done_can_be_undone_by_a_proposal():
    done = make_execution(phase="Succeeded", result={"changes": [CHANGE], "rollback": ROLLBACK})
    assert next_for(done)[1] == "If it did not help, propose its inverse: propose_rollback with execution more."
    failed = make_execution(phase="Failed", reason="ActionFailed", result={"changes": [CHANGE], "rollback": ROLLBACK})
    assert [words.split(",")[0].split(":")[0] for words in next_for(failed)] == [
        "Read untrusted.message and untrusted.log_tail for the cause",
        "It changed something before it ended",
        "If it did not help",
    ]


def test_a_run_is_waited_for_then_looked_into_or_approved_by_a_person():
    rehearsed = make_execution("r-x-a", dry_run=True, phase="Succeeded", planDigest=DIGEST)
    running = make_execution("r-x-b", phase="Running")
    failed = make_execution("r-x-c", phase="Failed", reason="ActionFailed")
    assert next_for_run("r-x", "prod", [rehearsed, running]) == ["Call wait_for with run r-x."]
    assert next_for_run("r-x", "prod", [rehearsed, failed]) == [
        "Call get_execution with execution r-x-c, which failed."
    ]
    assert "kubernaut approve --run r-x -n prod" in next_for_run("r-x", "prod", [rehearsed])[0]
