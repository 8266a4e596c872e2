"""One execution on one screen: every section that has content, and no other."""

from dataclasses import replace
from datetime import UTC, datetime

from kubernaut.api.stored_stages import pack
from kubernaut.api.view import ExecutionView
from kubernaut.caller.details import EventSummary, ExecutionDetails
from kubernaut.cli.views.description import description
from tests.support.executions import CHANGE, T, ended_step, make_execution, make_pod, make_stage
from tests.support.shown import shown

NOW = datetime(2026, 11, 1, 10, 0, 9, tzinfo=UTC)
FAILED = make_execution(
    annotations={"kubernaut.io/rollback-of": "earlier"},
    phase="Failed",
    reason="ActionFailed",
    message="The action failed.",
    target="Deployment/web",
    requestedBy="anna",
    startTime=T.format(1),
    completionTime=T.format(3),
    jobName="more-1",
    attempts=1,
    traceparent=f"00-{'a' * 32}-{'b' * 16}-01",
    logTail="one\ntwo",
    result={"changes": [CHANGE]},
    conditions=[
        {"type": "Validated", "status": "True", "reason": "ChecksPassed", "lastTransitionTime": T.format(0)},
        {"type": "Executed", "status": "False", "reason": "Error", "lastTransitionTime": T.format(3)},
    ],
    stages=[make_stage("validate"), make_stage("execute", 1, 3, error="exit code 1")],
)
EVENT = EventSummary(T.format(4), "Warning", "Pod/p", "BackOff", "back-off", 3)


def lines(details):
    return [line.rstrip() for line in shown(*description(details, NOW)).splitlines()]


def section(title, details):
    """The lines below a title, up to the next blank one."""
    found = lines(details)
    below = found[found.index(title) + 1 :]
    return below[: below.index("")] if "" in below else below


def test_the_heading_has_name_state_and_message():
    assert lines(ExecutionDetails(FAILED))[:3] == ["more  Failed (ActionFailed)", "  The action failed.", ""]


def test_the_facts_are_those_of_the_audit_record():
    pod = make_pod("more-1-x", execute=ended_step("execute", 1), phase="Failed")
    assert lines(ExecutionDetails(FAILED, (pod,)))[3:13] == [
        "  action        scale  name=web replicas=3",
        "  target        Deployment/web",
        "  namespace     prod",
        "  requested by  anna",
        "  undoes        earlier",
        "  created       2026-11-01 10:00:00 UTC, 9s ago",
        "  started       2026-11-01 10:00:01 UTC, ended 2026-11-01 10:00:03, took 2.0 s",
        "  job           more-1",
        f"  trace         {'a' * 32}",
        "  attempt 1     pod more-1-x Failed on node node-1",
    ]


def test_a_parameter_of_several_lines_imitates_no_other_line():
    obj = FAILED.json
    lie = {**obj, "spec": {**obj["spec"], "parameters": {"name": "web\n  target        Deployment/other"}}}
    shown_lines = lines(ExecutionDetails(ExecutionView(lie)))
    assert shown_lines[3] == "  action        scale  'name=web⏎  target        Deployment/other'"
    assert "  target        Deployment/other'" not in shown_lines


def test_attempts_whose_pods_are_gone_are_counted():
    assert "  attempts      1; their pods are gone" in lines(ExecutionDetails(FAILED))


def test_changes_conditions_stages_log_and_events_have_a_section_each():
    details = ExecutionDetails(FAILED, events=(EVENT,), unread=("pods could not be read: no",))
    assert section("changes", details) == ["  Deployment/web spec.replicas: 2 → 3"]
    assert section("conditions", details) == ["  ✓ Validated  ChecksPassed", "  ✗ Executed  Error"]
    assert section("stages", details) == ["     validate  1.0 s", "  ✗  execute   2.0 s  exit code 1"]
    assert section("events", details) == ["  5s  Warning  BackOff (x3)  Pod/p: back-off"]
    assert section("end of its log", details) == ["  one", "  two"]
    assert section("not known", details) == ["  pods could not be read: no"]


def test_its_own_event_does_not_repeat_its_name():
    own = replace(EVENT, about="KubernetesExecution/more", count=1, type="Normal")
    assert section("events", ExecutionDetails(FAILED, events=(own,))) == ["  5s  Normal  BackOff  back-off"]


def test_a_dry_run_shows_what_would_change():
    execution = make_execution(dry_run=True, phase="Succeeded", result={"changes": [CHANGE]})
    found = lines(ExecutionDetails(execution))
    assert "  action        scale (dry run only)  name=web replicas=3" in found
    assert section("would change", ExecutionDetails(execution)) == ["  Deployment/web spec.replicas: 2 → 3 (planned)"]


def test_a_new_execution_has_no_empty_sections():
    found = lines(ExecutionDetails(make_execution(phase="Pending", reason="Queued", message="No engine yet.")))
    titles = [line for line in found if line and not line.startswith(" ")]
    assert titles == ["more  Pending (Queued)"]


def test_a_current_stage_lasts_so_far():
    execution = make_execution(phase="Running", jobName="more-1", startTime=T.format(1), message="It runs.")
    assert section("stages", ExecutionDetails(execution, (make_pod(),))) == [
        "     schedule  1.0 s",
        "  ·  start     so far",
    ]
    assert "  started       2026-11-01 10:00:01 UTC, for 8s" in lines(ExecutionDetails(execution))


def test_the_stages_of_an_earlier_engine_are_described_like_those_of_this_one():
    status = FAILED.json["status"]
    stored = ExecutionView({**FAILED.json, "status": {**status, "stages": pack(FAILED.status.stages)}})
    assert "endTime" not in str(stored.json["status"]["stages"])
    assert lines(ExecutionDetails(stored)) == lines(ExecutionDetails(FAILED))


def test_a_step_of_a_run_shows_its_place_in_it():
    step = make_execution(phase="Pending", reason="WaitingForPredecessor")
    obj = {**step.json, "metadata": {**step.json["metadata"], "labels": {"kubernaut.io/run": "r-x7k2p"}}}
    obj["spec"] = {**obj["spec"], "after": [{"execution": "r-x7k2p-act"}, {"execution": "b", "when": "Failed"}]}
    found = lines(ExecutionDetails(ExecutionView(obj)))
    assert "  after         r-x7k2p-act Succeeded, b Failed" in found
    assert any(line.startswith("  run           r-x7k2p  (kubernaut describe --run r-x7k2p -n ") for line in found)


def test_a_proposal_shows_who_approved_it_and_what_it_became():
    approval = {"execution": "more-approved", "uid": "u", "requestedBy": "ben", "time": T.format(8)}
    status = {"requestedBy": "anna", "planDigest": "sha256:1", "approval": approval, "completionTime": T.format(3)}
    found = lines(ExecutionDetails(make_execution(phase="Succeeded", dry_run=True, **status)))
    assert "  plan          sha256:1" in found
    assert any(line.startswith("  approved      by ben, as more-approved, 5") for line in found), found


def test_the_agent_that_asked_is_shown_as_a_claim():
    asked = make_execution(annotations={"kubernaut.io/agent": "helper 1.2"})
    assert "  agent         helper 1.2  (as it calls itself)" in lines(ExecutionDetails(asked))
