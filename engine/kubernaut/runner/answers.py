"""The API server's answer to a request, and the exception that a refusal becomes. This is the one place that reads a Status."""

from __future__ import annotations

import json

from kubernaut.runner.exceptions import (
    AlreadyExists,
    Conflict,
    NotFound,
    Rejected,
    StepFailure,
    TooManyRequests,
    TryAgain,
    Unanswered,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

BROKEN = (500, 502, 504)
"""The request failed on the way, as when etcd did not answer in time; it may have been carried out all the same."""
DISRUPTION_BUDGET = "DisruptionBudget"
"""The cause of a 429 by which a PodDisruptionBudget forbids an eviction (policy/v1, `DisruptionBudgetCause`)."""

_KINDS: dict[tuple[int, Any], type[StepFailure]] = {
    (404, "NotFound"): NotFound,
    (409, "AlreadyExists"): AlreadyExists,
    (409, "Conflict"): Conflict,
}


class Answer:
    """The API server's answer."""

    def __init__(self, status: int, data: bytes, retry_after: str = "") -> None:
        self.status, self.data = status, data
        self.retry_after = float(retry_after) if retry_after.isdecimal() else 0.0
        """Seconds of the header `Retry-After`."""

    def content(self) -> dict[str, Any]:
        """Return the JSON object in it; empty where there is none."""
        try:
            content = json.loads(self.data)
        except ValueError:
            return {}
        return content if isinstance(content, dict) else {}

    def is_disruption_budget(self) -> bool:
        """Whether a PodDisruptionBudget caused the refusal, so that an immediate retry would fail too."""
        return self.status == 429 and DISRUPTION_BUDGET in _causes(self.content())


def read_content(answer: Answer, call: str, *, changing: bool) -> dict[str, Any]:
    """Return the object in an answer. Raises Rejected, TryAgain or one of their kinds for a refusal; `call` names the request.

    `changing` says that the request may have been carried out even if it failed on the way.
    """
    content, code = answer.content(), answer.status
    if code < 400 and not _is_failure(content):
        return content
    message = content.get("message") or f"{call} was answered with {code}"
    failure = _failure(code, content, "; ".join([message, *_explanations(content, message)]), changing)
    failure.status = code if code >= 400 else _whole(content.get("code"))
    failure.status_reason = str(content.get("reason") or "")
    failure.causes = _causes(content)
    raise failure


def _failure(code: int, content: dict[str, Any], message: str, changing: bool) -> StepFailure:
    if code < 400:
        # A refusal within a success, as for the eviction of a pod that two PodDisruptionBudgets select (eviction.go).
        return Rejected(message)
    if kind := _KINDS.get((code, content.get("reason"))):
        return kind(message) if kind is not NotFound or _details(content).get("name") else Rejected(message)
    if code == 429:
        return TooManyRequests(message)
    if code >= 500:
        return Unanswered(message) if changing and code in BROKEN else TryAgain(message)
    return Rejected(message, "Forbidden" if code == 403 and " cannot " in message else "")


def _is_failure(content: dict[str, Any]) -> bool:
    return (content.get("apiVersion"), content.get("kind"), content.get("status")) == ("v1", "Status", "Failure")


def _details(content: dict[str, Any]) -> dict[str, Any]:
    details = content.get("details")
    return details if isinstance(details, dict) else {}


def _causes(content: dict[str, Any]) -> tuple[str, ...]:
    causes = _details(content).get("causes")
    found = causes if isinstance(causes, list) else []
    return tuple(str(cause["reason"]) for cause in found if isinstance(cause, dict) and cause.get("reason"))


def _explanations(content: dict[str, Any], message: str) -> list[str]:
    """Return what the causes say beyond the message, such as how many healthy pods a disruption budget needs."""
    causes = _details(content).get("causes")
    texts = [cause.get("message") for cause in causes if isinstance(cause, dict)] if isinstance(causes, list) else []
    return [text for text in texts if isinstance(text, str) and text and text not in message]


def _whole(code: Any) -> int:
    return code if isinstance(code, int) else 0
