"""Reads JSON and YAML from clients, as strictly as the API server: what it cannot store, no object ever contains.

JSON has no NaN and no Infinity, and a number beyond a double is none of its numbers; an integer beyond 64 bits is a double. What Python
would keep as it is, and no other client could read again, is rejected here, or replaced as Go's encoding/json does (surrogates without
a partner, bytes that are not UTF-8). Nesting is limited to less than the API server's 10,000 levels, so that every object that is
accepted can be copied, compared and sent.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from typing import Any

import yaml

MAX_DEPTH = 250
"""Levels of objects and arrays in one document."""
MAX_YAML_SIZE = 4 * 1024 * 1024
"""Values and characters in a YAML document, with each alias counted as what it stands for."""
_INT64 = 2**63
_MAX_INT64_DIGITS = 20
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")
_TOO_DEEP = "exceeded max depth"


class DocumentError(ValueError):
    """The text is not a document that the API stores; the message says why."""


@dataclass(slots=True)
class Parsed:
    """The content of a JSON document, and the fields that it has more than once, by path; the last one counts."""

    content: Any
    duplicates: list[str] = field(default_factory=list)


def parse_json(body: bytes) -> Parsed:
    """Parse JSON. Raises DocumentError."""
    text = body.decode("utf-8", "replace")
    repeated: list[tuple[dict[str, Any], str]] = []

    def object_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            seen: set[str] = set()
            repeated.extend((found, key) for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]  # add returns None
        return found

    try:
        content = json.loads(
            text, object_pairs_hook=object_of, parse_constant=_reject_constant, parse_float=_double, parse_int=_integer
        )
    except RecursionError:
        raise DocumentError(_TOO_DEEP) from None
    except DocumentError:
        raise
    except ValueError as error:
        raise DocumentError(str(error)) from error
    check_depth(content)
    parsed = Parsed(content, _paths(content, repeated) if repeated else [])
    if _SURROGATE_ESCAPE.search(text):
        parsed.content = _without_surrogates(content)
    return parsed


def parse_yaml(body: bytes) -> Any:
    """Parse one YAML document into JSON values: a date is a text, and so is every key. Raises DocumentError."""
    try:
        content = yaml.load(body, _YamlLoader)  # noqa: S506 - derived from the safe loader
    except RecursionError:
        raise DocumentError(_TOO_DEEP) from None
    except (ValueError, yaml.YAMLError) as error:
        raise DocumentError(str(error)) from error
    return as_json(content)


def as_json(content: Any) -> Any:
    """Return parsed YAML as JSON values. Raises DocumentError for what JSON cannot express, and for aliases that multiply."""
    check_depth(content, MAX_YAML_SIZE)
    return _as_json(content)


def check_depth(content: Any, max_size: float = math.inf) -> None:
    """Raise DocumentError for a document that is nested too deeply, or too large in values and characters."""
    level, depth, size = [content], 0, 0
    while level:
        below: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                size += sum(len(key) for key in value if isinstance(key, str))
                below.extend(value.values())
            elif isinstance(value, list):
                below.extend(value)
            else:
                size += len(value) if isinstance(value, str) else 1
            if size + len(below) > max_size:
                raise DocumentError("document contains excessive aliasing")
        depth += any(isinstance(value, dict | list) for value in level)
        if depth > MAX_DEPTH:
            raise DocumentError(_TOO_DEEP)
        level = below


class _YamlLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # the base depends on how PyYAML was built
    """The safe loader, with dates as texts and with merge keys that cannot multiply without limit."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        super().flatten_mapping(node)
        self.merged = getattr(self, "merged", 0) + len(node.value)
        if self.merged > MAX_YAML_SIZE:
            raise DocumentError("document contains excessive aliasing")


_YamlLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in _YamlLoader.yaml_implicit_resolvers.items()
}


def _reject_constant(constant: str) -> None:
    raise DocumentError(f"invalid character '{constant.lstrip('-')[0]}' looking for beginning of value")


def _double(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise DocumentError(f"json: cannot unmarshal number {text[:40]} into Go value of type float64")
    return number


def _integer(text: str) -> int | float:
    if len(text) <= _MAX_INT64_DIGITS and -_INT64 <= (number := int(text)) < _INT64:
        return number
    return _double(text)


def _as_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {_key(key): _as_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_json(item) for item in value]
    if isinstance(value, bool | None):
        return value
    if isinstance(value, str):
        return _replaced(value)
    if isinstance(value, int):
        return _integer(str(value)) if abs(value) < _INT64**16 else _double("1e999")
    if isinstance(value, float):
        return _double(repr(value))
    raise DocumentError(f"json: unsupported type: {type(value).__name__}")


def _key(key: Any) -> str:
    if isinstance(key, bool):
        return "true" if key else "false"
    if isinstance(key, str | int | float):
        return _replaced(str(key))
    raise DocumentError(f"unsupported map key of type: {type(key).__name__}")


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, dict):
        return {_replaced(key): _without_surrogates(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    return _replaced(value) if isinstance(value, str) else value


def _replaced(text: str) -> str:
    return text if text.isascii() else _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)


def _paths(content: Any, repeated: list[tuple[dict[str, Any], str]]) -> list[str]:
    """Return the paths of repeated keys; the objects that have them are found by their identity."""
    keys: dict[int, list[str]] = {}
    for found, key in repeated:
        keys.setdefault(id(found), []).append(key)
    paths, waiting = [], [("", content)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict):
            start = f"{path}." if path else ""
            paths += [f"{start}{key}" for key in keys.get(id(value), ())]
            waiting += [(f"{start}{key}", item) for key, item in value.items()]
        elif isinstance(value, list):
            waiting += [(f"{path}[{index}]", item) for index, item in enumerate(value)]
    return paths
