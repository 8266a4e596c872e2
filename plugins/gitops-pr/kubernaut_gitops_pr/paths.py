r"""The path language, which names one value in a YAML or JSON document.

`image.tag` is the key `tag` of the mapping `image`; `images[name=shop/api]` is the one item of the list `images` whose key `name` has that
value; `env[0]` is an item by its index, counted from 0. A backslash makes a dot, a bracket, an equals sign or a backslash part of a key:
`annotations.example\.com/owner`. There are no wildcards.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

Step = str | int
"""A key of a mapping, or an index of a list."""
Path = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Selector:
    """The one item of a list whose key has this value."""

    key: str
    value: str


Query = tuple[Step | Selector, ...]
"""A path as it is written: which item a selector names depends on the file."""

MAX_LENGTH, MAX_STEPS = 500, 32
_STEP = re.compile(
    r"\[(?P<index>0|[1-9][0-9]{0,5})\]"
    r"|\[(?P<name>(?:[^.=\[\]\\]|\\[.=\[\]\\])+)=(?P<value>(?:[^\[\]\\]|\\[.=\[\]\\])+)\]"
    r"|(?P<key>(?:[^.\[\]\\]|\\[.=\[\]\\])+)"
)
_ESCAPED = re.compile(r"\\(.)")
_SPECIAL = re.compile(r"([.\[\]\\])")
_SPECIAL_IN_SELECTOR = re.compile(r"([.=\[\]\\])")
_SPECIAL_IN_VALUE = re.compile(r"([\[\]\\])")


class PathError(ValueError):
    """The text is not a valid path; the message says where it goes wrong."""


def parse(text: str) -> Query:
    """Return the steps of a path. Raises PathError."""
    if len(text) > MAX_LENGTH:
        raise PathError(f"is longer than {MAX_LENGTH} characters")
    if not text.isprintable():
        raise PathError("contains characters that cannot be printed")
    steps: list[Step | Selector] = []
    at = 0
    while at < len(text) or not steps:
        at = _past_dot(text, at) if steps else at
        found = _STEP.match(text, at)
        if not found:
            raise PathError(
                f"{text!r} is not a valid path: expected a key, [INDEX] or [KEY=VALUE] at {text[at:] or 'its end'!r}"
            )
        steps.append(_step(found))
        at = found.end()
    if len(steps) > MAX_STEPS:
        raise PathError(f"has more than {MAX_STEPS} steps")
    return tuple(steps)


def format_path(steps: Iterable[Step | Selector]) -> str:
    """Return the text that `parse` reads as these steps."""
    text = ""
    for step in steps:
        if isinstance(step, int):
            text += f"[{step}]"
        elif isinstance(step, Selector):
            name = _SPECIAL_IN_SELECTOR.sub(r"\\\1", step.key)
            value = _SPECIAL_IN_VALUE.sub(r"\\\1", step.value)
            text += f"[{name}={value}]"
        else:
            text += ("." if text else "") + _SPECIAL.sub(r"\\\1", step)
    return text


def _step(found: re.Match[str]) -> Step | Selector:
    index, name, value, key = (found[group] for group in ("index", "name", "value", "key"))
    if index is not None:
        return int(index)
    if name is not None:
        return Selector(_ESCAPED.sub(r"\1", name), _ESCAPED.sub(r"\1", value))
    return _ESCAPED.sub(r"\1", key)


def _past_dot(text: str, at: int) -> int:
    """Return where the next step starts: a key after the first step needs a dot before it, an index must not have one."""
    if text[at] == "[":
        return at
    if text[at] != "." or text[at + 1 : at + 2] == "[":
        raise PathError(f"{text!r} is not a valid path: expected .KEY, [INDEX] or [KEY=VALUE] at {text[at:]!r}")
    return at + 1
