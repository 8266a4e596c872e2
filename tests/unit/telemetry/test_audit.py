"""The audit record of an execution: the same keys for each, with the decision apart from the outcome."""

import pytest

from kubernaut.api.view import ExecutionView
from kubernaut.telemetry.audit import audit_record

META = {"name": "x", "namespace": "prod", "uid": "u", "creationTimestamp": "2026-11-01T10:00:00Z"}
SPEC = {"action": "scale", "parameters": {"name": "web"}}
CHANGE = {"kind": "Deployment", "name": "web", "field": "spec.replicas", "before": 2, "after": 3}


def test_a_finished_execution_has_every_field():
    status = {
        "phase": "Succeeded",
        "message": "Changed it.",
        "target": "Deployment/web",
        "requestedBy": "anna",
        "jobName": "x-1",
        "plugin": "kubernaut-scale 0.1.0",
        "attempts": 1,
        "startTime": "2026-11-01T10:00:01.000000Z",
        "completionTime": "2026-11-01T10:00:03.250000Z",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "result": {"changes": [CHANGE], "rollback": {"action": "scale", "parameters": {"replicas": 2}}},
    }
    assert audit_record(ExecutionView({"metadata": META, "spec": SPEC, "status": status})).to_json() == {
        "execution": "x",
        "namespace": "prod",
        "uid": "u",
        "requestedBy": "anna",
        "agent": None,
        "action": "scale",
        "target": "Deployment/web",
        "parameters": {"name": "web"},
        "dryRun": False,
        "rollbackOf": None,
        "created": "2026-11-01T10:00:00Z",
        "started": "2026-11-01T10:00:01.000000Z",
        "ended": "2026-11-01T10:00:03.250000Z",
        "seconds": 2.25,
        "decision": "admitted",
        "phase": "Succeeded",
        "reason": None,
        "message": "Changed it.",
        "attempts": 1,
        "job": "x-1",
        "plugin": "kubernaut-scale 0.1.0",
        "changes": [CHANGE],
        "unconfirmed": [],
        "rollback": {"action": "scale", "parameters": {"replicas": 2}},
        "traceId": "0af7651916cd43dd8448eb211c80319c",
        "plan": None,
        "proposedBy": None,
        "planDigest": None,
        "rejected": False,
        "approvedAs": None,
        "approvedBy": None,
        "approved": None,
        "alert": None,
        "alertFingerprint": None,
    }


@pytest.mark.parametrize(
    ("status", "decided"),
    [
        pytest.param({"phase": "Failed", "reason": "Forbidden"}, "refused", id="it never had a Job"),
        pytest.param({"phase": "Failed", "reason": "ActionFailed", "jobName": "j"}, "admitted", id="it ran and failed"),
        pytest.param({"phase": "Cancelled"}, "cancelled", id="stopped before it started"),
        pytest.param({"phase": "Cancelled", "jobName": "j"}, "admitted", id="stopped while it ran"),
        pytest.param({"phase": "Pending", "reason": "TargetBusy"}, "undecided", id="it waits"),
        pytest.param(None, "undecided", id="no engine has picked it up"),
    ],
)
def test_the_decision_says_whether_it_was_admitted_and_not_how_it_ended(status, decided):
    record = audit_record(
        ExecutionView({"metadata": META, "spec": SPEC, **({"status": status} if status is not None else {})})
    ).to_json()
    assert record["decision"] == decided
    assert len(record) == 34


def test_the_requester_and_the_rolled_back_execution_are_known_before_any_engine_acts():
    annotations = {"kubernaut.io/requested-by": "ben", "kubernaut.io/rollback-of": "y"}
    record = audit_record(
        ExecutionView({"metadata": {**META, "annotations": annotations}, "spec": {**SPEC, "dryRun": True}})
    ).to_json()
    assert (record["requestedBy"], record["rollbackOf"], record["dryRun"]) == ("ben", "y", True)


def test_the_agent_that_asked_is_recorded_beside_the_user_whose_credentials_it_used():
    annotations = {"kubernaut.io/requested-by": "ben", "kubernaut.io/agent": "helper 1.2"}
    record = audit_record(ExecutionView({"metadata": {**META, "annotations": annotations}, "spec": SPEC})).to_json()
    assert (record["requestedBy"], record["agent"]) == ("ben", "helper 1.2")


def test_a_proposal_that_nobody_can_approve_any_more_is_rejected():
    status = {"phase": "Succeeded", "planDigest": "sha256:1"}
    spec = {**SPEC, "dryRun": True, "cancel": True}
    assert audit_record(ExecutionView({"metadata": META, "spec": spec, "status": status})).rejected


def test_a_proposal_and_what_carries_it_out_name_both_people():
    approval = {"execution": "x-approved", "uid": "u2", "requestedBy": "ben", "time": "2026-11-01T10:05:00Z"}
    status = {"phase": "Succeeded", "requestedBy": "anna", "planDigest": "sha256:1", "approval": approval}
    proposal = audit_record(ExecutionView({"metadata": META, "spec": {**SPEC, "dryRun": True}, "status": status}))
    assert (proposal.requested_by, proposal.approved_by, proposal.approved_as) == ("anna", "ben", "x-approved")
    assert (proposal.plan_digest, proposal.approved) == ("sha256:1", "2026-11-01T10:05:00Z")
    spec = {**SPEC, "approvedPlan": {"execution": "x", "digest": "sha256:1"}}
    status = {"phase": "Succeeded", "requestedBy": "ben", "proposedBy": "anna"}
    carried_out = audit_record(ExecutionView({"metadata": META, "spec": spec, "status": status}))
    assert (carried_out.plan, carried_out.proposed_by, carried_out.requested_by) == ("x", "anna", "ben")
