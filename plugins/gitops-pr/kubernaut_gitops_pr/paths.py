r"""The path language, which names one value in a YAML or JSON document.

`image.tag` is the key `tag` of the mapping `image`; `env[0].name` goes through a list, counted from 0; a backslash makes a dot, a bracket
or a backslash part of a key: `annotations.example\.com/owner`. There are no wildcards.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

Step = str | int
"""A key of a mapping, or an index of a list."""
Path = tuple[Step, ...]

MAX_LENGTH, MAX_STEPS = 500, 32
_STEP = re.compile(r"\[(0|[1-9][0-9]{0,5})\]|((?:[^.\[\]\\]|\\[.\[\]\\])+)")
_ESCAPED = re.compile(r"\\(.)")
_SPECIAL = re.compile(r"([.\[\]\\])")


class PathError(ValueError):
    """The text is not a valid path; the message says where it goes wrong."""


def parse(text: str) -> Path:
    """Return the steps of a path. Raises PathError."""
    if len(text) > MAX_LENGTH:
        raise PathError(f"is longer than {MAX_LENGTH} characters")
    if not text.isprintable():
        raise PathError("contains characters that cannot be printed")
    steps: list[Step] = []
    at = 0
    while at < len(text) or not steps:
        at = _past_dot(text, at) if steps else at
        found = _STEP.match(text, at)
        if not found:
            raise PathError(f"{text!r} is not a valid path: expected a key or [INDEX] at {text[at:] or 'its end'!r}")
        index, key = found.groups()
        steps.append(_ESCAPED.sub(r"\1", key) if index is None else int(index))
        at = found.end()
    if len(steps) > MAX_STEPS:
        raise PathError(f"has more than {MAX_STEPS} steps")
    return tuple(steps)


def format_path(steps: Iterable[Step]) -> str:
    """Return the text that `parse` reads as these steps."""
    text = ""
    for step in steps:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += ("." if text else "") + _SPECIAL.sub(r"\\\1", step)
    return text


def _past_dot(text: str, at: int) -> int:
    """Return where the next step starts: a key after the first step needs a dot before it, an index must not have one."""
    if text[at] == "[":
        return at
    if text[at] != "." or text[at + 1 : at + 2] == "[":
        raise PathError(f"{text!r} is not a valid path: expected .KEY or [INDEX] at {text[at:]!r}")
    return at + 1
