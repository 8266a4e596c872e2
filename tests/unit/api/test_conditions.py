"""Conditions are found by type, and replaced as meta.SetStatusCondition does."""

from datetime import UTC, datetime

from kubernaut.api.conditions import make_condition, true_condition, with_conditions
from kubernaut.api.execution import Condition

LONG_AGO = datetime(2026, 5, 1, 12, tzinfo=UTC)


def old(kind, status, reason="Old"):
    return Condition(type=kind, status=status, reason=reason, last_transition_time=LONG_AGO)


def test_only_a_condition_that_is_true_is_found():
    job = {"status": {"conditions": [{"type": "Failed", "status": "False"}, {"type": "Complete", "status": "True"}]}}
    assert true_condition(job, "Complete") == {"type": "Complete", "status": "True"}
    assert true_condition(job, "Failed") is None
    assert true_condition({}, "Failed") is None


def test_a_condition_replaces_the_one_of_its_type_and_leaves_the_others():
    changed = with_conditions(
        [old("Validated", "True"), old("PodReady", "False")], make_condition("PodReady", True, "Started")
    )
    assert [(c.type, c.status, c.reason) for c in changed] == [
        ("Validated", "True", "Old"),
        ("PodReady", "True", "Started"),
    ]
    assert changed[1].last_transition_time > LONG_AGO


def test_the_transition_time_is_kept_while_the_status_does_not_change():
    (changed,) = with_conditions(
        [old("PodReady", "False")], make_condition("PodReady", False, "Unschedulable", "no node")
    )
    assert (changed.reason, changed.message, changed.last_transition_time) == ("Unschedulable", "no node", LONG_AGO)


def test_the_time_of_a_condition_is_in_whole_seconds():
    assert make_condition("Executed", False, "Error").to_json()["lastTransitionTime"][19:] == "Z"
