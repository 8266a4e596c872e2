"""The HTTP status tells Alertmanager to try again soon, or not."""

import pytest

from kubernaut.receiver.decisions import POSSIBLE, Decision, Outcome, Reason, http_status
from kubernaut.receiver.webhook import Alert
from tests.unit.receiver.conftest import slow

FIRING = Alert.model_validate(slow())
RESOLVED = Alert.model_validate({**slow(), "status": "resolved"})


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        ([], 200),
        (["created", "already-there", "not-matched", "refused", "cancelled", "nothing-to-cancel"], 200),
        (["created", "denied"], 403),
        (["denied", "postponed", "created"], 503),
    ],
    ids=str,
)
def test_the_worst_outcome_that_a_repeat_can_change_decides(outcomes, code):
    assert http_status([Decision(FIRING, Outcome(outcome)) for outcome in outcomes]) == code


def test_a_token_that_expired_on_the_way_is_told_as_that():
    postponed = Decision(FIRING, Outcome.POSTPONED, Reason.UNAUTHENTICATED)
    assert http_status([Decision(FIRING, Outcome.POSTPONED), postponed]) == 401


def test_a_resolved_alert_that_may_not_be_withdrawn_keeps_no_group_from_being_delivered():
    assert http_status([Decision(RESOLVED, Outcome.DENIED, Reason.FORBIDDEN)]) == 200


def test_every_outcome_and_reason_is_possible_exactly_once():
    assert sorted(outcome for outcome, _ in POSSIBLE) == sorted(Outcome)
    reasons = [reason for _, reasons in POSSIBLE for reason in reasons if reason]
    assert sorted(reasons) == sorted(set(Reason) - {Reason.NONE})
