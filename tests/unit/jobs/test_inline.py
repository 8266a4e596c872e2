"""One container that rehearses and then executes: each step has its own end, and every change that may have been made is reported."""

import json

import pytest

from kubernaut.api.execution import Phase, Reason
from kubernaut.api.fields import ReportableFields
from kubernaut.api.timestamps import parse_time
from kubernaut.jobs import outcome as outcomes
from kubernaut.jobs.attempts import believe, read_attempts
from kubernaut.jobs.failure_policy import failure_rules
from kubernaut.jobs.outcome import InProgress
from kubernaut.jobs.stages import attempt_stages
from tests.unit.jobs.test_outcome import change, ended, pod, report
from tests.unit.jobs.test_outcome import job as two_container_job

RUNNING = {"running": {"startedAt": "2026-01-01T00:00:01Z"}}
PLAN = {"state": "done", "message": "ready", "changes": [change(2, 5)]}
PLANNED = "Deployment/web spec.replicas: 2 → 5"
UNKNOWN = {"terminated": {"exitCode": 137, "reason": "ContainerStatusUnknown"}}
"""As the kubelet writes it for a container that it can no longer find: without any time."""


def job(condition=None, reason="", retry_safe=False):
    made = two_container_job(condition, reason)
    made["spec"]["podFailurePolicy"]["rules"] = failure_rules(("execute",), retry_safe=retry_safe)
    return made


def both(state="done", rehearsal=PLAN, **more):
    return report("execute", state, rehearsal=rehearsal, **more)


def only(execute, phase="Running"):
    (attempt,) = read_attempts([pod(phase, None, execute)])
    return attempt


def observe(execute, condition=None, reason="PodFailurePolicy", phase="Failed"):
    attempts = read_attempts([pod(phase, None, execute)])
    return outcomes.observe(job(condition, reason if condition else ""), attempts)


def steps(attempt):
    return [(run.step, run.container, run.exit_code, run.report is not None) for run in attempt.steps]


@pytest.mark.parametrize(
    ("state", "found", "may_have_executed"),
    [
        pytest.param(RUNNING, [("execute", "execute", None, False)], True, id="running: it may be at either step"),
        pytest.param(
            ended(0, both()),
            [("dry-run", "execute", 0, True), ("execute", "execute", 0, True)],
            True,
            id="both have ended",
        ),
        pytest.param(
            ended(1, both("error", message="no")),
            [("dry-run", "execute", 0, True), ("execute", "execute", 1, True)],
            True,
            id="the second failed",
        ),
        pytest.param(
            ended(137, both("error")),
            [("dry-run", "execute", 0, True), ("execute", "execute", 137, True)],
            True,
            id="the second was killed",
        ),
        pytest.param(
            ended(42, report("dry-run", "rejected", message="no")),
            [("dry-run", "execute", 42, True)],
            False,
            id="the first refused",
        ),
        pytest.param(
            ended(43, report("dry-run", "error", message="no")),
            [("dry-run", "execute", 43, True)],
            False,
            id="the first failed",
        ),
        pytest.param(
            ended(137, "", "OOMKilled"), [("dry-run", "execute", 137, False)], False, id="killed without a report"
        ),
        pytest.param(
            ended(1, "Traceback ..."), [("dry-run", "execute", 1, False)], False, id="it never called the runner"
        ),
        pytest.param(
            ended(0, ""),
            [("dry-run", "execute", 0, False), ("execute", "execute", 0, False)],
            True,
            id="it claims success without a word",
        ),
        pytest.param(UNKNOWN, [("execute", "execute", 137, False)], True, id="its node lost track of it"),
        pytest.param(
            ended(1, report("execute", "error", rehearsal="x")),
            [("dry-run", "execute", 0, False), ("execute", "execute", 1, True)],
            True,
            id="a rehearsal that is none",
        ),
    ],
)
def test_how_far_the_container_got_is_read_from_its_report(state, found, may_have_executed):
    attempt = only(state)
    assert steps(attempt) == found
    assert attempt.may_have_executed is may_have_executed


def test_a_pod_that_is_deleted_as_it_rehearses_has_not_executed():
    deleted = pod("Failed", None, ended(43, report("dry-run", "error", message="it was stopped")))
    deleted.json["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:03Z"
    deleted.json["status"]["conditions"] = [{"type": "Initialized", "status": "True"}]
    (attempt,) = read_attempts([deleted])
    assert attempt.interruption
    assert not attempt.may_have_executed


def test_a_container_of_two_whose_status_is_unknown_may_have_executed_too():
    (attempt,) = read_attempts([pod("Failed", ended(message=report("dry-run")), UNKNOWN)])
    assert attempt.may_have_executed


def test_a_container_that_has_not_started_has_no_step_and_says_what_it_waits_for():
    attempt = only({"waiting": {"reason": "CreateContainerConfigError", "message": "no Secret"}}, "Pending")
    assert (attempt.has_started, attempt.may_have_executed) == (False, False)
    assert attempt.diagnosis.message == "container execute cannot start (CreateContainerConfigError): no Secret"


def test_success_has_the_changes_that_were_made():
    outcome = observe(ended(0, both(changes=[change(2, 5)])), phase="Running")
    assert (outcome.phase, outcome.message) == (Phase.SUCCEEDED, f"Changed {PLANNED}.")


def test_a_rehearsal_alone_is_no_success_whatever_the_exit_code():
    outcome = observe(ended(0, report("dry-run")), phase="Succeeded")
    assert (outcome.phase, outcome.reason) == (Phase.FAILED, Reason.PLUGIN_ERROR)


@pytest.mark.parametrize(
    ("state", "reason", "begins", "left"),
    [
        pytest.param(
            ended(42, report("dry-run", "rejected", message="too many")),
            Reason.DRY_RUN_REJECTED,
            "The dry run on Deployment/web was rejected: too many (pod p0).",
            "Nothing was changed.",
            id="refused by the dry run",
        ),
        pytest.param(
            ended(42, both("rejected", message="too late")),
            Reason.ACTION_FAILED,
            "The action on Deployment/web was rejected: too late (pod p0).",
            "Nothing was changed.",
            id="refused by the action",
        ),
        pytest.param(
            ended(137, both("error"), "OOMKilled"),
            Reason.OUT_OF_MEMORY,
            "The action on Deployment/web exceeded its memory limit",
            f"It may have changed {PLANNED}: check its target.",
            id="killed as it executed",
        ),
        pytest.param(
            ended(137, "", "OOMKilled"),
            Reason.OUT_OF_MEMORY,
            "The dry run on Deployment/web exceeded its memory limit",
            "Nothing was changed.",
            id="killed as it rehearsed",
        ),
        pytest.param(
            ended(1, both("error", message="broken", changes=[change(2, 5)])),
            Reason.ACTION_FAILED,
            "The action on Deployment/web failed with exit code 1 and is not retried",
            f"Before that it changed {PLANNED}: check whether to keep that.",
            id="an error after a change",
        ),
    ],
)
def test_a_failure_says_which_step_it_was_and_what_it_left(state, reason, begins, left):
    outcome = observe(state, "Failed")
    assert outcome.reason is reason
    assert outcome.message.startswith(begins)
    assert outcome.message.endswith(left)


def test_a_dry_run_that_fails_is_retried_whatever_may_be_repeated():
    outcome = observe(ended(43, report("dry-run", "error", message="no answer")), phase="Failed")
    assert isinstance(outcome, InProgress)
    last = observe(ended(43, report("dry-run", "error", message="no answer")), "Failed", "BackoffLimitExceeded")
    assert last.reason is Reason.RETRIES_EXHAUSTED
    assert "The dry run on Deployment/web failed once, the last time with exit code 43: no answer" in last.message


def test_a_plan_that_was_carried_out_as_it_was_is_reported_once_and_read_twice():
    text = both(rehearsal={"state": "done", "asExecuted": True}, changes=[change(2, 5)])
    assert len(json.loads(text)["rehearsal"]) == 2
    plan, done = (run.report.changes for run in only(ended(0, text)).steps)
    assert plan == done != ()


def test_what_nobody_asked_for_is_believed_of_neither_step():
    text = both(rehearsal={"state": "done", "asExecuted": True}, changes=[change(2, 5), {**change(2, 5), "name": "x"}])
    fields = ReportableFields.declared(("spec.replicas",), "Deployment", "web")
    (attempt,) = believe([only(ended(0, text))], fields)
    assert [(len(run.report.changes), run.disbelieved) for run in attempt.steps] == [(1, 1), (1, 1)]


def test_its_stages_are_those_of_two_containers_with_one_start():
    at = parse_time("2026-01-01T00:00:00Z").timestamp()
    text = both(rehearsal={**PLAN, "started": at + 1.5, "finished": at + 1.6}, started=at + 1.7, finished=at + 1.9)
    attempt = only(ended(0, text))
    stages = attempt_stages([attempt], None, parse_time("2026-01-01T00:00:09Z"), {})
    assert [(stage.name, stage.detail) for stage in stages[1:]] == [
        ("start", "execute"),
        ("dry-run", None),
        ("execute", None),
    ]
    assert [round(stage.seconds, 3) for stage in stages[1:]] == [1.5, 0.1, 0.2]


def test_values_of_a_plan_that_were_cut_are_not_taken_for_what_was_there():
    plan = {**PLAN, "truncated": True, "changes": [change("2… (cut)", 5)]}
    outcome = observe(ended(137, both("error", plan), "OOMKilled"), "Failed")
    assert (len(outcome.result.unconfirmed), outcome.result.truncated) == (1, True)
