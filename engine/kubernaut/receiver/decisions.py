"""What was decided about one alert and one runbook: every line of audit, every count and the HTTP status follow from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from kubernaut.receiver.webhook import Alert


class Outcome(StrEnum):
    """What became of an alert."""

    CREATED = "created"
    """A run was begun, or one completed that was begun before."""
    ALREADY_THERE = "already-there"
    CANCELLED = "cancelled"
    """Of a resolved alert: something that had not started."""
    NOTHING_TO_CANCEL = "nothing-to-cancel"
    NOT_MATCHED = "not-matched"
    DENIED = "denied"
    """The token lacks a permission."""
    REFUSED = "refused"
    """Something has to be changed before this can run: the alert, the runbook, or what has its name."""
    POSTPONED = "postponed"
    """It can run later, and Alertmanager is told to send it again."""


class Reason(StrEnum):
    """Why, in one word."""

    NONE = ""
    UNREADABLE = "Unreadable"
    INTERNAL_ERROR = "InternalError"
    """A defect of the receiver; its log has the traceback."""
    NO_NAMESPACE = "NoNamespace"
    NO_RUNBOOK = "NoRunbook"
    NO_RULE = "NoRule"
    TOO_OLD = "TooOld"
    TOO_NEW = "TooNew"
    MISSING_LABEL = "MissingLabel"
    UNUSABLE_LABEL = "UnusableLabel"
    INVALID_ARGUMENTS = "InvalidArguments"
    INVALID_RUNBOOK = "InvalidRunbook"
    NAME_TAKEN = "NameTaken"
    REJECTED = "Rejected"
    FORBIDDEN = "Forbidden"
    POLICY_DENIED = "PolicyDenied"
    RATE_LIMITED = "RateLimited"
    QUOTA_EXCEEDED = "QuotaExceeded"
    CLUSTER_UNAVAILABLE = "ClusterUnavailable"
    OUT_OF_TIME = "OutOfTime"
    UNAUTHENTICATED = "Unauthenticated"


POSSIBLE: tuple[tuple[Outcome, tuple[Reason, ...]], ...] = (
    (Outcome.CREATED, (Reason.NONE,)),
    (Outcome.ALREADY_THERE, (Reason.NONE,)),
    (Outcome.CANCELLED, (Reason.NONE,)),
    (Outcome.NOTHING_TO_CANCEL, (Reason.NONE,)),
    (Outcome.NOT_MATCHED, (Reason.NO_NAMESPACE, Reason.NO_RUNBOOK, Reason.NO_RULE)),
    (Outcome.DENIED, (Reason.FORBIDDEN, Reason.POLICY_DENIED)),
    (
        Outcome.REFUSED,
        (
            Reason.UNREADABLE,
            Reason.INTERNAL_ERROR,
            Reason.TOO_OLD,
            Reason.TOO_NEW,
            Reason.MISSING_LABEL,
            Reason.UNUSABLE_LABEL,
            Reason.INVALID_ARGUMENTS,
            Reason.INVALID_RUNBOOK,
            Reason.NAME_TAKEN,
            Reason.REJECTED,
        ),
    ),
    (
        Outcome.POSTPONED,
        (
            Reason.RATE_LIMITED,
            Reason.QUOTA_EXCEEDED,
            Reason.CLUSTER_UNAVAILABLE,
            Reason.OUT_OF_TIME,
            Reason.UNAUTHENTICATED,
        ),
    ),
)
"""The reasons of each outcome."""


@dataclass(frozen=True, slots=True)
class Decision:
    """About one alert, and the runbook that it matched, if any."""

    alert: Alert | None
    """None for one that cannot be read."""
    outcome: Outcome
    reason: Reason = Reason.NONE
    message: str = ""
    runbook: str = ""
    run: str = ""
    created: int = 0
    """Executions."""
    cancelled: int = 0
    retry_after: float = 0.0
    """Seconds after which it is worth another try."""


def http_status(decisions: Sequence[Decision]) -> int:
    """Return the status code of the answer.

    Alertmanager tries again soon what was answered with 5xx, and what was answered with 4xx only when it sends the group anew.
    """
    if any(one.reason is Reason.UNAUTHENTICATED for one in decisions):
        return 401
    if any(one.outcome is Outcome.POSTPONED for one in decisions):
        return 503
    denied = (one for one in decisions if one.outcome is Outcome.DENIED)
    return 403 if any(one.alert and one.alert.is_firing for one in denied) else 200
