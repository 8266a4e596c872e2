"""Regular expressions: `find` and `findAll`. Kubernetes uses RE2; here it is Python's `re`, whose syntax has more."""

from __future__ import annotations

import re

from kubernaut_cel.functions import STRINGS, Overload, Type


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise ValueError(f"Illegal regex: {error}") from error


def _find(text: str, pattern: str) -> str:
    match = _compiled(pattern).search(text)
    return match.group() if match else ""


def _find_all(text: str, pattern: str, limit: int = -1) -> list[str]:
    found = [match.group() for match in _compiled(pattern).finditer(text)]
    return found if limit < 0 else found[:limit]


OVERLOADS = (
    Overload("find", (Type.STRING, Type.STRING), Type.STRING, _find),
    Overload("findAll", (Type.STRING, Type.STRING), STRINGS, _find_all),
    Overload("findAll", (Type.STRING, Type.STRING, Type.INT), STRINGS, _find_all),
)
