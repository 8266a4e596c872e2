"""The admin's templates for branch names and commit messages: text with fields in braces, such as `{execution}`.

It works on plain values, because the pod has no pydantic.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

BRANCH_FIELDS = ("execution", "namespace", "uid")
MESSAGE_FIELDS = ("title", "body", "origin", "execution", "namespace", "uid", "requester")
_FIELD = re.compile(r"\{(\w+)\}")
_BLANK_LINES = re.compile(r"\n{3,}")


def problem(template: str, fields: tuple[str, ...]) -> str:
    """Return what is wrong with a template, or ""."""
    known = ", ".join(f"{{{field}}}" for field in fields)
    unknown = [name for name in _FIELD.findall(template) if name not in fields]
    if unknown:
        return f"there is no field {{{unknown[0]}}}; the fields are {known}"
    if set(_FIELD.sub("", template)) & set("{}"):
        return f"braces can be used only for fields: {known}"
    return ""


def branch(template: str, values: Mapping[str, str]) -> str:
    """Return the name of a branch. Names of objects can contain dots; git accepts them within a segment, but no `.lock` at its end."""
    safe = {key: re.sub(r"\.lock$", "-lock", value.rstrip(".-")) for key, value in values.items()}
    return _FIELD.sub(lambda found: safe[found[1]], template)


def message(template: str, values: Mapping[str, str]) -> str:
    """Return a commit message, without the blank lines that an empty field leaves."""
    text = _FIELD.sub(lambda found: values[found[1]], template)
    return _BLANK_LINES.sub("\n\n", text).strip()


def prefix(template: str) -> str:
    """Return what every branch of this template starts with."""
    return template.partition("{")[0]
