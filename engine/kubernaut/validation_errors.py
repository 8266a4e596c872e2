"""A pydantic error in one line that a person can act on: each field, what is wrong with it, and the value in brief."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

_SHOWN_VALUE = 60
_SHOWN_FAULTS = 5


def told_faults(error: ValidationError, prefix: str = "", noun: str = "field") -> str:
    """`parameters.replicas: input should be a valid integer (got '5'); …`."""
    told = []
    for fault in error.errors(include_url=False)[:_SHOWN_FAULTS]:
        field = ".".join(part for part in (prefix, *(brief(part, quoted=False) for part in fault["loc"])) if part)
        got = "" if fault["type"] == "missing" else f" (got {brief(fault['input'])})"
        told.append(f"{field}: {_remedy(fault, noun)}{got}")
    left_out = error.error_count() - len(told)
    return "; ".join(told) + (f"; and {left_out} more" if left_out else "")


def brief(value: object, *, quoted: bool = True) -> str:
    """The value, or its beginning and its length."""
    text = repr(value) if quoted else str(value)
    return text if len(text) <= _SHOWN_VALUE else f"{text[:_SHOWN_VALUE]}… ({len(text)} characters)"


def _remedy(fault: Mapping[str, Any], noun: str) -> str:
    if fault["type"] == "extra_forbidden":
        return f"there is no such {noun}"
    if fault["type"] == "missing":
        return "is required"
    message = str(fault["msg"]).removeprefix("Value error, ")
    return message[0].lower() + message[1:]
