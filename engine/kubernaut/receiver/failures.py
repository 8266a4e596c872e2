"""What an error of the API server means for an alert: whether it runs later, or not before something is changed."""

from __future__ import annotations

from dataclasses import replace

from kubernaut.errors import (
    DeniedError,
    KubernautError,
    QuotaError,
    RetryError,
    ThrottledError,
    UnauthenticatedError,
)
from kubernaut.receiver.decisions import Decision, Outcome, Reason

_RETRY_SECONDS = 5.0


def decision_of_error(about: Decision, error: KubernautError) -> Decision:
    """Return the decision about an alert whose execution could not be created, changed or read."""
    told = replace(about, message=str(error))
    if isinstance(error, DeniedError):
        reason = Reason.POLICY_DENIED if error.by_policy else Reason.FORBIDDEN
        return replace(told, outcome=Outcome.DENIED, reason=reason)
    if not isinstance(error, RetryError):
        return replace(told, outcome=Outcome.REFUSED, reason=Reason.REJECTED)
    seconds = error.retry_after if isinstance(error, ThrottledError) else _RETRY_SECONDS
    return replace(told, outcome=Outcome.POSTPONED, reason=_retry_reason(error), retry_after=seconds)


def _retry_reason(error: RetryError) -> Reason:
    if isinstance(error, UnauthenticatedError):
        return Reason.UNAUTHENTICATED
    return Reason.QUOTA_EXCEEDED if isinstance(error, QuotaError) else Reason.CLUSTER_UNAVAILABLE
