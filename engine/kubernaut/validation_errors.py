"""Formats a pydantic ValidationError as one line that a person can act on: each field, what is wrong with it, and its value in brief."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

_MAX_VALUE_LENGTH = 60
_MAX_ERRORS = 5
_FEW = 12
_ALIKE = 0.7
"""How alike two names must be to suggest one for the other, from 0 to 1: `nmae` and `name` are, `namespace` and `name` are not."""


def format_validation_error(
    error: ValidationError, prefix: str = "", noun: str = "field", known: Collection[str] = ()
) -> str:
    """Return a line such as `parameters.replicas: input should be a valid integer (got '5'); …`.

    `prefix` is put before each field's path; `noun` is what a field is called in the message about an unknown one, and `known` are the
    fields that it may have been meant for.
    """
    return format_error_details(error.errors(include_url=False), prefix, noun, known)


def format_error_details(
    details: Sequence[Mapping[str, Any]], prefix: str = "", noun: str = "field", known: Collection[str] = ()
) -> str:
    """Return the same for some of the errors of a ValidationError, as its `errors()` returns them."""
    lines = []
    for detail in details[:_MAX_ERRORS]:
        field = ".".join(part for part in (prefix, *(brief(part, quoted=False) for part in detail["loc"])) if part)
        got = "" if detail["type"] == "missing" else f" (got {brief(detail['input'])})"
        lines.append(f"{field}: {_describe(detail, noun, known)}{got}")
    omitted = len(details) - len(lines)
    return "; ".join(lines) + (f"; and {omitted} more" if omitted else "")


def brief(value: object, *, quoted: bool = True) -> str:
    """Return the value as text; of a long one its beginning and its length."""
    text = repr(value) if quoted else str(value)
    return text if len(text) <= _MAX_VALUE_LENGTH else f"{text[:_MAX_VALUE_LENGTH]}… ({len(text)} characters)"


def _instead(name: str, known: Collection[str]) -> str:
    """Return what an unknown name may have stood for: the one that it resembles, or all, if they are few."""
    if near := get_close_matches(name, known, 1, _ALIKE):
        return f"; did you mean {near[0]}?"
    return f"; there are {', '.join(known)}" if 0 < len(known) <= _FEW else ""


def _describe(detail: Mapping[str, Any], noun: str, known: Collection[str]) -> str:
    if detail["type"] == "extra_forbidden":
        return f"there is no such {noun}{_instead(str(detail['loc'][-1]), known) if len(detail['loc']) == 1 else ''}"
    if detail["type"] == "missing":
        return "is required"
    message = str(detail["msg"]).removeprefix("Value error, ")
    return message[0].lower() + message[1:]
