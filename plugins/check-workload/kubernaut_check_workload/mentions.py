"""The fields of `object` that an expression mentions, and their values: what a reader needs to see why it is true or false.

It reads tokens, and so finds what is written plainly: `object.spec.replicas`, `object.?status.?readyReplicas`,
`object.metadata.labels['app']`, `object.spec.template.spec.containers[0].image`.
"""

from __future__ import annotations

import json
from typing import Any

from kubernaut_cel.syntax import Token, tokens

Path = tuple[str | int, ...]
ABSENT = object()
_MAX_PATHS, _MAX_VALUE_LENGTH = 8, 120


def mentioned(source: str, variable: str) -> list[Path]:
    """Return the paths that are selected from the variable, each once and without a function called at its end; at most eight."""
    visible = [token for token in tokens(source) if token.kind not in ("space", "comment")]
    found: dict[Path, None] = {}
    for index, token in enumerate(visible):
        selected = index > 0 and visible[index - 1].text in (".", "?")
        if token.kind == "name" and token.text == variable and not selected and (path := _path(visible, index + 1)):
            found[path] = None
    return list(found)[:_MAX_PATHS]


def value_at(value: Any, path: Path) -> Any:
    """Return the value below a path, or ABSENT."""
    for step in path:
        in_map = isinstance(value, dict) and step in value
        in_list = isinstance(value, list) and isinstance(step, int) and step < len(value)
        if not (in_map or in_list):
            return ABSENT
        value = value[step]
    return value


def written(variable: str, path: Path) -> str:
    """Return the path as CEL writes it."""
    steps = (f".{step}" if isinstance(step, str) and step.isidentifier() else f"[{json.dumps(step)}]" for step in path)
    return variable + "".join(steps)


def described(value: Any) -> str:
    """Return a value in a few words: conditions as `Available=True`, any other value as JSON, cut after 120 characters."""
    if value is ABSENT:
        return "not set"
    if (
        isinstance(value, list)
        and value
        and all(isinstance(one, dict) and {"type", "status"} <= one.keys() for one in value)
    ):
        text = ", ".join(f"{one['type']}={one['status']}" for one in value)
    else:
        text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _MAX_VALUE_LENGTH else f"{text[:_MAX_VALUE_LENGTH]}…"


def _path(visible: list[Token], index: int) -> Path:
    """Return the steps that begin at this token."""
    steps: list[str | int] = []
    texts = [token.text for token in visible]
    while index < len(visible):
        opening = texts[index]
        inner = index + 1 + (texts[index + 1 : index + 2] == ["?"])
        if opening == "." and inner < len(visible) and visible[inner].kind == "name":
            if texts[inner + 1 : inner + 2] == ["("]:  # a function
                break
            steps.append(texts[inner])
            index = inner + 1
        elif opening == "[" and "]" in texts[inner:]:
            end = texts.index("]", inner)
            step = _literal(visible[inner:end])
            if step is None:
                break
            steps.append(step)
            index = end + 1
        else:
            break
    return tuple(steps)


def _literal(inside: list[Token]) -> str | int | None:
    """Return the text or whole number that the tokens are, or None for any other expression."""
    text = "".join(token.text for token in inside)
    if text.isascii() and text.isdigit() and len(text) < 10:
        return int(text)
    if (
        len(inside) == 1
        and inside[0].kind == "string"
        and text[0] in "'\""
        and "\\" not in text
        and text[:3] != text[0] * 3
    ):
        return text[1:-1]
    return None
