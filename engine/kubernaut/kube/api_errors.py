"""What the API server's refusals mean: a Status, whatever its code and shape, as one of the errors of `errors.py`."""

from __future__ import annotations

import json
from collections.abc import Mapping

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
    UnavailableError,
)


def _seconds(retry_after: str) -> float:
    """The header's patience; a date, or anything else that is no number, is taken as a second."""
    return min(60.0, float(retry_after)) if retry_after.isdecimal() else 1.0


def error_of(code: int, data: bytes, method: str, headers: Mapping[str, str]) -> KubernautError:
    """The API server's Status as one of our errors."""
    try:
        status = json.loads(data)
        message, reason = str(status.get("message", "")), str(status.get("reason", ""))
    except (ValueError, AttributeError):
        message, reason = data.decode(errors="replace")[:500], ""
    message = message or f"{method} was answered with {code}"
    if code == 403 and "exceeded quota" in message:
        return QuotaError(message)
    if code == 429:
        return ThrottledError(message, _seconds(headers.get("Retry-After", "")))
    if code == 409:
        return ExistsError(message) if reason == "AlreadyExists" else ConflictError(message)
    by_code = {401: DeniedError, 403: DeniedError, 404: NotFoundError, 410: ExpiredError, 501: RejectedError}
    return by_code.get(code, UnavailableError if code >= 500 else RejectedError)(message)
