"""Translates the API server's Status into the errors of `errors.py`: the one place that knows status codes.

Where Kubernetes has no field for a fact, its message is read, and only here: that a ResourceQuota is exceeded, and that an admission policy
or webhook refused a request.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from kubernaut.errors import (
    ConflictError,
    DeniedError,
    ExistsError,
    ExpiredError,
    KubernautError,
    NotFoundError,
    QuotaError,
    RejectedError,
    ThrottledError,
    UnauthenticatedError,
    UnavailableError,
)

_MAX_RETRY_AFTER_SECONDS = 60.0
_QUOTA = "exceeded quota"
_POLICIES = ("ValidatingAdmissionPolicy", "admission webhook")


def error_of(code: int, data: bytes, method: str, headers: Mapping[str, str]) -> KubernautError:  # noqa: PLR0911 - a table
    """Return the error for an HTTP status code >= 400 and the body that came with it, whatever its shape."""
    status = _status(data)
    message = str(status.get("message") or "") or f"{method} was answered with {code}"
    by_policy = any(words in message for words in _POLICIES)
    match code:
        case 403 if _QUOTA in message:
            return QuotaError(message)
        case 401:
            return UnauthenticatedError(message)
        case 403:
            return DeniedError(message, by_policy=by_policy)
        case 404:
            return NotFoundError(message, _kind(status))
        case 409:
            return ExistsError(message) if status.get("reason") == "AlreadyExists" else ConflictError(message)
        case 410:
            return ExpiredError(message)
        case 429:
            return ThrottledError(message, _retry_after_seconds(headers.get("Retry-After", "")))
        case _ if code >= 500 and code != 501:
            return UnavailableError(message)
        case _:
            return RejectedError(message, by_policy=by_policy)


def _status(data: bytes) -> Mapping[str, Any]:
    """Return the Status in the body; a body that is not one becomes its message."""
    try:
        status = json.loads(data)
    except (ValueError, RecursionError):
        status = None
    return status if isinstance(status, dict) else {"message": data.decode(errors="replace")[:500]}


def _kind(status: Mapping[str, Any]) -> str:
    details = status.get("details")
    return str(details.get("kind") or "") if isinstance(details, dict) else ""


def _retry_after_seconds(header: str) -> float:
    """Return the header's seconds; a date, or anything else that is not a number, counts as one second."""
    return min(_MAX_RETRY_AFTER_SECONDS, float(header)) if header.isdecimal() else 1.0
