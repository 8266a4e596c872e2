"""Writes to every field of an object but those that an action may change, for the proof that its guard refuses them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kubernaut.api.field_paths import ITEMS, FieldTree, format_path

_OF_THE_SERVER = {
    ("apiVersion",),
    ("kind",),
    ("status",),
    *(("metadata", key) for key in ("name", "namespace", "uid", "resourceVersion", "generation", "managedFields")),
    ("metadata", "creationTimestamp"),
}
_ADDED = "example.com/added"
_OWNER = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": "00000000-0000-0000-0000-000000000000"}
_ADDITIONS: tuple[tuple[tuple[str, ...], Any], ...] = (
    (("metadata", "labels", _ADDED), "x"),
    (("metadata", "annotations", _ADDED), "x"),
    (("metadata", "finalizers"), [_ADDED]),
    (("metadata", "ownerReferences"), [_OWNER]),
)


@dataclass(frozen=True, slots=True)
class Write:
    """One change of one field."""

    path: str
    patch: Mapping[str, Any]
    """A JSON merge patch."""


def other_writes(obj: Mapping[str, Any], allowed: FieldTree) -> Iterator[Write]:
    """Yield a change of each leaf of the object that the tree does not allow, its removal, and additions to its metadata."""
    for steps, value in _leaves(obj, ()):
        if not _is_allowed(steps, allowed):
            yield _write(obj, steps, _other(value))
            yield _write(obj, steps, None)
    for path, value in _ADDITIONS:
        if not _is_allowed(path, allowed):
            yield _write(obj, path, value)


def _is_allowed(steps: tuple[str | int, ...], allowed: FieldTree) -> bool:
    path = tuple(ITEMS if isinstance(step, int) else step for step in steps)
    return bool(allowed.children) and allowed.covers(path)


def _leaves(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    if path in _OF_THE_SERVER:
        return
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves(inner, (*path, key))
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for index, inner in enumerate(value):
            yield from _leaves(inner, (*path, index))
    else:
        yield path, value


def _other(value: Any) -> Any:
    """Return another value of the same type."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, str):
        return f"{value}-x" if value else "x"
    if isinstance(value, list):
        return [*value, value[-1] if value else "x"]
    return {"added": "x"}


def _write(obj: Mapping[str, Any], steps: tuple[str | int, ...], value: Any) -> Write:
    """Return the patch for one leaf; a list on the way is sent as a whole, as a merge patch replaces it."""
    at = next((number for number, step in enumerate(steps) if isinstance(step, int)), len(steps))
    if at < len(steps):
        current: Any = obj
        for step in steps[:at]:
            current = current[step]
        value = _with(current, steps[at:], value)
    patch: Any = value
    for step in reversed(steps[:at]):
        patch = {step: patch}
    return Write(_shown(steps), patch)


def _shown(steps: tuple[str | int, ...]) -> str:
    return format_path(ITEMS if isinstance(step, int) else step for step in steps)


def _with(current: Any, steps: tuple[str | int, ...], value: Any) -> Any:
    """Return a copy with the leaf set; None removes it."""
    step, rest = steps[0], steps[1:]
    new = value if not rest else _with(current[step], rest, value)
    if isinstance(current, list):
        return [new if index == step else inner for index, inner in enumerate(current)]
    if new is None:
        return {key: inner for key, inner in current.items() if key != step}
    return {**current, step: new}
