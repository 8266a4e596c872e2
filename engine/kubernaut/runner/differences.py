"""Every field in which two states of an object differ, so that a change is reported whole or not at all.

A list whose items each have a `name` of their own is compared by these names, and its fields have paths such as
`spec.template.spec.containers[web].image`. Any other list is one value, and so is one whose items changed places: the API server keeps the
order, and what it means is for the object's kind to say.
"""

from __future__ import annotations

from kubernaut.runner.written import Key, format_path, named_items

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    Difference = tuple[tuple[str, ...], Any, Any]

_SERVER_WRITTEN = frozenset(
    {
        "creationTimestamp",
        "deletionGracePeriodSeconds",
        "deletionTimestamp",
        "generation",
        "managedFields",
        "resourceVersion",
        "selfLink",
        "uid",
    }
)
"""Fields of metadata that the API server itself writes."""
_IDENTITY = frozenset({"apiVersion", "kind"})


def differences(before: dict[str, Any] | None, after: dict[str, Any] | None) -> Iterator[tuple[str, Any, Any]]:
    """Yield path, value before and value after of every field that differs; None stands for absent.

    None or {} is an object that does not exist: of one that was created or deleted, these are all fields, `metadata.name` among them.
    """
    for path, old, new in _compared(_own(before), _own(after), ()):
        yield format_path(path), old, new


def _own(obj: dict[str, Any] | None) -> dict[str, Any]:
    """Return the object without what identifies its kind, its status, and what the API server writes."""
    own = {key: value for key, value in (obj or {}).items() if key not in _IDENTITY and key != "status"}
    metadata = own.get("metadata")
    if isinstance(metadata, dict):
        own["metadata"] = {key: value for key, value in metadata.items() if key not in _SERVER_WRITTEN}
    return own


def _compared(old: Any, new: Any, path: tuple[str, ...]) -> Iterator[Difference]:
    if old == new:
        return
    parts = _parts(old, new)
    if parts is None:
        yield path, old, new
        return
    before, after = parts
    for key in dict.fromkeys((*before, *after)):
        yield from _compared(_unnamed(key, before.get(key)), _unnamed(key, after.get(key)), (*path, key))


def _parts(old: Any, new: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Return what both consist of, by key; None where they are compared as a whole."""
    if not old and not new:
        return None
    if isinstance(old, dict) or isinstance(new, dict):
        return (old or {}, new or {}) if all(isinstance(value, dict) or value is None for value in (old, new)) else None
    before, after = (named_items(value) if value not in (None, []) else {} for value in (old, new))
    if before is None or after is None or _changed_places(before, after):
        return None
    return before, after


def _unnamed(key: str, item: Any) -> Any:
    """Return an item of a list without the name that its path has, unless it consists of nothing else."""
    if not isinstance(key, Key) or len(item or ()) < 2:
        return item
    return {field: value for field, value in item.items() if field != "name"}


def _changed_places(before: dict[str, Any], after: dict[str, Any]) -> bool:
    return [key for key in before if key in after] != [key for key in after if key in before]
