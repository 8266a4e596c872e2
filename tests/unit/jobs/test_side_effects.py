"""What several attempts changed together: a retry hides nothing, and no attempt that died is said to have changed nothing."""

import json

import pytest

from kubernaut.api.execution import Phase
from kubernaut.api.plugin import Change, Result
from kubernaut.jobs.attempts import read_attempts
from kubernaut.jobs.side_effects import side_effects
from kubernaut.kube.objects import CachedObject
from tests.unit.jobs.test_outcome import GOOD_DRY_RUN, change, ended, job, observe, pod, report

PLAN = ended(message=report("dry-run", changes=[change(2, 5)]))
SAME = ended(message=report("dry-run", changes=[change(5, 5)]))
RUNNING = {"running": {"startedAt": "2026-01-01T00:00:02Z"}}
DEAD = ended(137, "", "OOMKilled")
"""Killed before it could report."""
HALF = ended(137, report("execute", "error"))
"""Killed after it reported something, but not its end."""


def done(*changes):
    return ended(message=report("execute", changes=list(changes)))


def two(first, second, plan=PLAN, next_plan=SAME):
    """Return the pods of an attempt that failed and of one that succeeded."""
    return [pod("Failed", plan, first, 0), pod("Succeeded", next_plan, second, 1)]


def pairs(changes):
    return [(c.before, c.after) for c in changes]


@pytest.mark.parametrize("died", [DEAD, HALF], ids=["without a report", "before its end"])
def test_a_change_of_an_attempt_that_died_after_its_write_is_known_when_the_next_one_finds_it(died):
    outcome = observe(job(), two(died, done(change(5, 5))))
    assert (outcome.phase, pairs(outcome.result.changes), outcome.result.unconfirmed) == (
        Phase.SUCCEEDED,
        [(2, 5)],
        (),
    )
    assert outcome.message == "Changed Deployment/web spec.replicas: 2 → 5."


def test_the_value_that_was_written_is_what_the_next_attempt_finds_and_not_what_was_planned():
    plan = ended(message=report("dry-run", changes=[change("11:00", "12:00")]))
    outcome = observe(job(), two(DEAD, done(change("12:01", "12:01")), plan))
    assert pairs(outcome.result.changes) == [("11:00", "12:01")]


def test_an_attempt_that_died_before_its_write_is_no_change_of_its_own():
    outcome = observe(job(), two(DEAD, done(change(2, 5)), next_plan=PLAN))
    assert (pairs(outcome.result.changes), outcome.result.unconfirmed) == ([(2, 5)], ())


def test_a_field_that_the_next_attempt_finds_unchanged_was_not_changed():
    outcome = observe(job(), two(DEAD, done(change(2, 2)), next_plan=ended(message=report("dry-run"))))
    assert (outcome.result.changes, outcome.result.unconfirmed) == ((), ())
    assert outcome.message == "Already in the requested state: nothing was changed."


def test_a_field_of_which_no_later_attempt_reports_may_have_been_changed():
    outcome = observe(job(), two(DEAD, done()))
    assert (outcome.result.changes, pairs(outcome.result.unconfirmed)) == ((), [(2, 5)])
    assert outcome.message == (
        "The last attempt found everything as requested. An earlier attempt, which ended before it could report, "
        "may have changed Deployment/web spec.replicas: 2 → 5."
    )


def test_a_success_after_an_attempt_of_which_nothing_is_known_says_so():
    outcome = observe(job(), two(DEAD, done(), plan=GOOD_DRY_RUN))
    assert outcome.message == (
        "The last attempt found everything as requested. Whether an earlier attempt, which ended before it could report, "
        "changed anything is unknown."
    )


def test_a_failure_of_every_attempt_names_what_may_have_been_changed():
    pods = [pod("Failed", PLAN, DEAD, number) for number in range(2)]
    outcome = observe(job("Failed", "BackoffLimitExceeded", pods=2), pods)
    assert pairs(outcome.result.unconfirmed) == [(2, 5)]
    assert outcome.message.endswith("It may have changed Deployment/web spec.replicas: 2 → 5: check its target.")


def other(before, after):
    return {**change(before, after), "field": "spec.paused"}


def test_what_was_changed_and_what_may_have_been_are_told_apart():
    plan = ended(message=report("dry-run", changes=[change(2, 5), other(True, False)]))
    outcome = observe(
        job("Failed", "BackoffLimitExceeded"),
        [pod("Failed", plan, ended(137, report("execute", "error", changes=[change(2, 5)])))],
    )
    assert (pairs(outcome.result.changes), pairs(outcome.result.unconfirmed)) == ([(2, 5)], [(True, False)])
    assert outcome.message.endswith(
        "Before that it changed Deployment/web spec.replicas: 2 → 5, and may have changed "
        "Deployment/web spec.paused: True → False: check whether to keep that."
    )


def test_a_pod_that_was_lost_before_its_kubelet_said_that_the_step_had_begun_may_have_begun():
    waiting = {"waiting": {"reason": "PodInitializing"}}
    lost = pod("Pending", PLAN, waiting)
    lost.json["status"]["conditions"] = [{"type": "Initialized", "status": "True"}]
    gone = CachedObject(lost.json, deleted=True)
    assert pairs(side_effects(read_attempts([gone])).result.unconfirmed) == [(2, 5)]
    assert side_effects(read_attempts([lost])).result == Result()  # it is there: its kubelet will say
    del lost.json["status"]["conditions"]
    found = side_effects(read_attempts([CachedObject(lost.json, deleted=True)]))
    assert (found.result, found.after_failure()) == (Result(), "Nothing was changed.")


def test_a_step_that_never_started_changed_nothing():
    never = {"terminated": {"exitCode": 128, "reason": "StartError", "startedAt": "1970-01-01T00:00:00Z"}}
    assert side_effects(read_attempts([pod("Failed", PLAN, never)])).after_failure() == "Nothing was changed."


def test_a_step_that_runs_may_have_changed_what_it_planned():
    assert pairs(side_effects(read_attempts([pod("Running", PLAN, RUNNING)])).result.unconfirmed) == [(2, 5)]


def recorded(**fields):
    return Result(**{name: (Change(**change(*values)),) for name, values in fields.items()})


@pytest.mark.parametrize(
    ("before", "found", "changes", "unconfirmed"),
    [
        (recorded(unconfirmed=(2, 5)), done(change(5, 5)), [(2, 5)], []),
        (recorded(unconfirmed=(2, 5)), done(), [], [(2, 5)]),
        (recorded(changes=(2, 5)), done(change(5, 5)), [(2, 5)], []),
        (recorded(changes=(2, 4)), done(change(4, 5)), [(2, 5)], []),
        (recorded(), done(change(5, 5)), [], []),
    ],
)
def test_what_is_recorded_of_attempts_whose_pods_are_gone_counts(before, found, changes, unconfirmed):
    outcome = observe(job(), [pod("Succeeded", SAME, found, 1)], recorded=before)
    assert (pairs(outcome.result.changes), pairs(outcome.result.unconfirmed)) == (changes, unconfirmed)


def test_recording_the_same_attempts_twice_changes_nothing():
    attempts = read_attempts([pod("Failed", PLAN, ended(1, report("execute", "error", changes=[change(2, 5)])))])
    once = side_effects(attempts).result
    assert side_effects(attempts, once).result == once


def test_a_success_after_failures_that_nobody_saw_says_so():
    outcome = observe(job(pods=2), [pod("Succeeded", SAME, done(change(5, 5)))])
    assert "Whether an earlier attempt" in outcome.message


def test_outputs_of_attempts_are_merged_and_the_last_value_of_each_counts():
    first = ended(1, report("execute", "error", message="x", outputs={"branch": "b", "commit": "1"}))
    second = ended(message=report("execute", outputs={"commit": "2", "url": "u"}))
    assert observe(job(), two(first, second)).result.outputs == {"branch": "b", "commit": "2", "url": "u"}


def test_a_plain_command_says_what_it_can():
    (attempt,) = read_attempts([pod("Failed", ended(message="log"), ended(1, json.dumps("log")))])
    assert side_effects([attempt]).after_failure() == "Whether it changed anything is unknown: check its target."
