"""Every error of the API, worded as the API server words it.

`ApiError` becomes a `Status` object; each function below makes one kind of error. Clients match on code and reason, and people
read the message, so all three are exactly those of Kubernetes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kubernaut_sandbox.model.objects import Object, encode


@dataclass(frozen=True, slots=True)
class Cause:
    """A field that is at fault."""

    field: str
    message: str
    reason: str = "FieldValueInvalid"

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


class ApiError(Exception):
    """An error that the client receives as a `Status` object; `retry_after` is in seconds."""

    def __init__(
        self, code: int, reason: str, message: str, details: Object | None = None, retry_after: int | None = None
    ) -> None:
        super().__init__(message)
        self.code, self.reason, self.message = code, reason, message
        self.details = details
        self.retry_after = retry_after

    def status(self) -> Object:
        """Return the Status document."""
        details = self.details
        if self.retry_after is not None:
            details = {**(details or {}), "retryAfterSeconds": self.retry_after}
        body = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": self.message}
        if self.reason:
            body["reason"] = self.reason
        if details is not None:
            body["details"] = details
        return {**body, "code": self.code}


def success(details: Object) -> Object:
    """Return the Status of a completed deletion."""
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}


def bad_request(message: str) -> ApiError:
    """400: the request is malformed."""
    return ApiError(400, "BadRequest", message)


def unauthorized() -> ApiError:
    """401: no token, or not a valid one."""
    return ApiError(401, "Unauthorized", "Unauthorized")


def forbidden(resource: str, name: str, detail: str) -> ApiError:
    """403: the user is not allowed to do this."""
    plural, _, group = resource.partition(".")
    subject = f'{resource} "{name}"' if name else resource
    return ApiError(403, "Forbidden", f"{subject} is forbidden: {detail}", _details(name, group, plural))


def not_found(resource: str, name: str) -> ApiError:
    """404: the object does not exist."""
    plural, _, group = resource.partition(".")
    return ApiError(404, "NotFound", f'{resource} "{name}" not found', _details(name, group, plural))


def no_such_resource() -> ApiError:
    """404: the resource is not served."""
    return ApiError(404, "NotFound", "the server could not find the requested resource", {})


def method_not_allowed() -> ApiError:
    """405: the resource does not have this verb."""
    return ApiError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {})


def already_exists(resource: str, name: str) -> ApiError:
    """409: an object with this name exists."""
    plural, _, group = resource.partition(".")
    return ApiError(409, "AlreadyExists", f'{resource} "{name}" already exists', _details(name, group, plural))


def conflict(
    resource: str,
    name: str,
    detail: str = "the object has been modified; please apply your changes to the latest version and try again",
) -> ApiError:
    """409: the object has changed since the client read it."""
    plural, _, group = resource.partition(".")
    return ApiError(
        409,
        "Conflict",
        f'Operation cannot be fulfilled on {resource} "{name}": {detail}',
        _details(name, group, plural),
    )


def expired(message: str) -> ApiError:
    """410: the resourceVersion is no longer in the history."""
    return ApiError(410, "Expired", message)


def too_large(message: str) -> ApiError:
    """413: the body exceeds the limit of the API."""
    return ApiError(413, "RequestEntityTooLarge", message)


def unsupported_media(accepted: Sequence[str]) -> ApiError:
    """415: the resource does not accept a body in this format."""
    known = ", ".join(accepted)
    message = f"the body of the request was in an unknown format - accepted media types include: {known}"
    return ApiError(415, "UnsupportedMediaType", message)


def invalid(kind: str, name: str, causes: Sequence[Cause]) -> ApiError:
    """422: fields are invalid; `kind` is `Kind` or `Kind.group`."""
    texts = [str(cause) for cause in causes]
    problems = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    bare, _, group = kind.partition(".")
    listed = [{"reason": c.reason, "message": c.message, "field": c.field} for c in causes]
    details = {**_details(name, group, bare), "causes": listed}
    return ApiError(422, "Invalid", f'{kind} "{name}" is invalid: {problems}', details)


def not_implemented(message: str) -> ApiError:
    """501: Kubernetes supports this, the sandbox does not."""
    return ApiError(501, "NotImplemented", f"the sandbox does not implement {message}")


def invalid_value(field: str, value: Any, detail: str) -> Cause:
    """`Invalid value: "x": why`."""
    return Cause(field, f"Invalid value: {format_value(value)}: {detail}")


def required(field: str, detail: str = "") -> Cause:
    """`Required value`."""
    return Cause(field, f"Required value{': ' + detail if detail else ''}", "FieldValueRequired")


def unsupported_value(field: str, value: Any, supported: Sequence[str]) -> Cause:
    """`Unsupported value: "x": supported values: ...`."""
    listed = ", ".join(f'"{item}"' for item in supported)
    return Cause(
        field, f"Unsupported value: {format_value(value)}: supported values: {listed}", "FieldValueNotSupported"
    )


def too_long(field: str, limit: int) -> Cause:
    """`Too long: may not be more than N bytes`."""
    return Cause(field, f"Too long: may not be more than {limit} bytes", "FieldValueTooLong")


def format_value(value: Any) -> str:
    """Format a value as Go's field errors print it."""
    if isinstance(value, str):
        return f'"{value}"'
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return encode(value).decode()
    return str(value)


def _details(name: str, group: str, kind: str) -> Object:
    return {key: value for key, value in (("name", name), ("group", group), ("kind", kind)) if value}
