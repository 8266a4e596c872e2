"""Containers of other systems in an action's pod: what they do to its end, and that nothing in them is believed."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from kubernaut.api.execution import Phase, Reason
from kubernaut.jobs.outcome import Finished, InProgress, is_conclusive
from tests.unit.jobs.test_outcome import GOOD_DRY_RUN, ended, job, observe, pod, report

RUNNING = {"running": {"startedAt": "2026-01-01T00:00:01Z"}}
DONE = ended(message=report("execute"))
LATER = datetime(2026, 1, 1, 0, 5, tzinfo=UTC)


def with_foreign(made, state, *, name="proxy", initial=False):
    field = "initContainerStatuses" if initial else "containerStatuses"
    made.json["status"].setdefault(field, []).append({"name": name, "image": "mesh:1", "state": state})
    return made


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (ended(3, "no certificate."), "failed with exit code 3: no certificate"),
        (ended(1), "failed with exit code 1"),
        (ended(137, as_="OOMKilled"), "exceeded its memory limit and was killed"),
    ],
)
@pytest.mark.parametrize("initial", [True, False], ids=["initContainer", "container"])
def test_its_failure_is_the_end_with_its_name_and_words(state, words, initial):
    failed = with_foreign(pod("Failed"), state, initial=initial)
    outcome = observe(job("Failed", "BackoffLimitExceeded"), [failed])
    assert (outcome.phase, outcome.reason) == (Phase.FAILED, Reason.CONTAINER_FAILED)
    assert (
        outcome.message == f"Container proxy, which is not part of the action, {words} (pod p0). Nothing was changed."
    )


def test_a_failed_step_is_the_cause_before_a_foreign_container():
    failed = with_foreign(pod("Failed", GOOD_DRY_RUN, ended(1, "boom")), ended(143))
    outcome = observe(job("Failed", "BackoffLimitExceeded"), [failed])
    assert (outcome.reason, "boom" in outcome.message) == (Reason.RETRIES_EXHAUSTED, True)


def test_an_action_that_succeeded_has_succeeded_whatever_else_its_pod_contains():
    for state in (ended(1), RUNNING, {}, {"waiting": {"reason": "CrashLoopBackOff"}}):
        phase = "Failed" if state == ended(1) else "Running"
        outcome = observe(job(), [with_foreign(pod(phase, GOOD_DRY_RUN, DONE), state)])
        assert isinstance(outcome, Finished)
        assert outcome.phase is Phase.SUCCEEDED


def test_a_pod_that_its_node_ended_has_not_succeeded_because_its_step_exited_with_zero():
    evicted = with_foreign(pod("Failed", GOOD_DRY_RUN, ended(0)), ended(143))
    evicted.json["status"]["reason"] = "Evicted"
    assert isinstance(observe(job(), [evicted]), InProgress)


PROXY = "container proxy, which is not part of the action,"


@pytest.mark.parametrize(
    ("waiting", "words"),
    [
        (
            {"reason": "ErrImagePull", "message": "no host"},
            f"image mesh:1 of {PROXY} cannot be pulled (ErrImagePull): no host",
        ),
        (
            {"reason": "CreateContainerConfigError"},
            f"{PROXY} does not start (CreateContainerConfigError): no details",
        ),
        (
            {"reason": "CrashLoopBackOff", "message": "back-off"},
            f"{PROXY} does not start (CrashLoopBackOff): back-off",
        ),
    ],
)
def test_what_keeps_it_from_starting_is_shown_and_is_the_end_at_the_deadline(waiting, words):
    stuck = with_foreign(pod("Pending", {"waiting": {"reason": "PodInitializing"}}), {"waiting": waiting}, initial=True)
    progress = observe(job(), [stuck])
    assert (progress.diagnosis.reason, progress.diagnosis.message) == (Reason.CONTAINER_FAILED, words)
    outcome = observe(job("Failed", "DeadlineExceeded"), [stuck])
    assert (outcome.reason, words in outcome.message) == (Reason.CONTAINER_FAILED, True)
    gone = observe(job("Failed", "DeadlineExceeded"), [], last_diagnosis=progress.diagnosis)
    assert (gone.reason, words in gone.message) == (Reason.CONTAINER_FAILED, True)


def test_an_init_container_that_never_ends_is_the_end_at_the_deadline():
    stuck = with_foreign(pod("Pending", {"waiting": {"reason": "PodInitializing"}}), RUNNING, initial=True)
    outcome = observe(job("Failed", "DeadlineExceeded"), [stuck])
    assert outcome.reason is Reason.CONTAINER_FAILED
    assert "container proxy, which is not part of the action, was still running" in outcome.message


def test_a_step_that_failed_in_a_pod_that_does_not_end_is_the_end_after_a_while():
    kept = with_foreign(pod("Running", GOOD_DRY_RUN, ended(1, "boom")), RUNNING)
    finished = datetime(2026, 1, 1, 0, 0, 2, tzinfo=UTC)
    soon = observe(job(), [kept], now=finished + timedelta(seconds=10))
    assert isinstance(soon, InProgress)
    assert soon.seconds == 20
    outcome = observe(job(), [kept], now=LATER)
    assert (outcome.phase, outcome.reason) == (Phase.FAILED, Reason.RETRIES_EXHAUSTED)
    assert "boom" in outcome.message
    assert (
        "It was not retried, because container proxy, which is not part of the action, kept its pod running."
        in outcome.message
    )


def test_a_step_that_failed_in_a_pod_that_did_not_end_is_the_cause_at_the_deadline():
    kept = with_foreign(
        pod("Running", GOOD_DRY_RUN, ended(42, report("execute", "rejected", message="no such name"))), RUNNING
    )
    outcome = observe(job("Failed", "DeadlineExceeded"), [kept])
    assert (outcome.reason, "no such name" in outcome.message) == (Reason.ACTION_FAILED, True)


@pytest.mark.parametrize("name", ["proxy", "execute-proxy", "dry-run", ""])
def test_its_words_are_not_a_report(name):
    words = report("execute", changes=[{"kind": "Secret", "name": "x", "field": "data", "before": 1, "after": 2}])
    forged = with_foreign(pod("Running", GOOD_DRY_RUN, RUNNING), ended(0, words), name=name)
    assert isinstance(observe(job(), [forged], now=LATER), InProgress)
    over = with_foreign(pod("Succeeded", GOOD_DRY_RUN, DONE), ended(0, words), name=name)
    assert observe(job("Complete"), [over]).result.changes == ()


def test_a_container_of_a_steps_name_in_another_place_is_not_the_step():
    twice = pod("Running", GOOD_DRY_RUN, RUNNING)
    twice.json["status"]["initContainerStatuses"].append({"name": "execute", "state": DONE})
    twice.json["status"]["containerStatuses"].append({"name": "dry-run", "state": ended(1)})
    (attempt,) = observe(job(), [twice], now=LATER).attempts
    assert [(run.step, run.exit_code) for run in attempt.steps] == [("dry-run", 0), ("execute", None)]
    assert sorted(container.name for container in attempt.foreign) == ["dry-run", "execute"]


def test_a_job_that_a_foreign_container_failed_is_conclusive_by_its_policy():
    failed = with_foreign(pod("Failed"), ended(1))
    failed.json["status"]["conditions"] = [{"type": "Initialized", "status": "True"}]
    verdict = job("Failed", "PodFailurePolicy")
    verdict["status"]["conditions"][0]["lastTransitionTime"] = LATER.isoformat()
    assert is_conclusive(verdict, [failed], LATER)
    assert observe(verdict, [failed]).reason is Reason.CONTAINER_FAILED


def test_long_words_are_cut():
    failed = with_foreign(pod("Failed"), ended(1, json.dumps("x" * 4000)))
    outcome = observe(job("Failed", "BackoffLimitExceeded"), [failed])
    assert len(outcome.message) < 500
