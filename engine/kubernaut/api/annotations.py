"""The annotations of an execution that the engine reads: anybody who can create one writes them, so each is bounded."""

from __future__ import annotations

from collections.abc import Mapping

from kubernaut.api.labels import (
    ANNOTATION_AGENT,
    ANNOTATION_ALERT_FINGERPRINT,
    ANNOTATION_ALERT_NAME,
    ANNOTATION_REQUESTED_BY,
    ANNOTATION_RESUMED,
    ANNOTATION_ROLLBACK_OF,
    ANNOTATION_TRACEPARENT,
)
from kubernaut.printable import is_printable

MAX_LENGTHS = {
    ANNOTATION_REQUESTED_BY: 256,
    ANNOTATION_ROLLBACK_OF: 253,
    ANNOTATION_RESUMED: 64,
    ANNOTATION_TRACEPARENT: 128,
    ANNOTATION_AGENT: 128,
    ANNOTATION_ALERT_NAME: 256,
    ANNOTATION_ALERT_FINGERPRINT: 63,
}
"""In characters: a user's name, an object's name, a time, a W3C trace context, a program's name and version, an alert's name and its
fingerprint."""


def read_annotation(annotations: Mapping[str, str], name: str) -> str:
    """Return the value, or "" if it is missing or not acceptable (see `annotation_problem`)."""
    value = annotations.get(name, "")
    return "" if _fault(name, value) else value


def annotation_problem(annotations: Mapping[str, str]) -> str:
    """Return what is wrong with an annotation that the engine reads, naming it and the remedy, or ""."""
    for name in MAX_LENGTHS:
        if fault := _fault(name, annotations.get(name, "")):
            return f"metadata.annotations[{name}]: {fault}; create the execution without it"
    return ""


def trim_annotations(annotations: Mapping[str, str]) -> dict[str, str]:
    """Return those that the engine reads, each cut to one character more than is allowed: enough to refuse it."""
    return {name: annotations[name][: limit + 1] for name, limit in MAX_LENGTHS.items() if name in annotations}


def _fault(name: str, value: str) -> str:
    if len(value) > MAX_LENGTHS[name]:
        return f"it is longer than the {MAX_LENGTHS[name]} characters that are allowed"
    return "" if is_printable(value) else "it contains control or invisible characters"
