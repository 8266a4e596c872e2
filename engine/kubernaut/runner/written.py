"""What a step wrote, compared with what is there: success means that it still stands."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

OWN_MANAGER = "kubernaut-runner"
"""The field manager of every step, from its User-Agent."""


class Key(str):
    """The name of an item of a list, as a part of a path."""

    __slots__ = ()


def reverted(written: dict[str, Any], current: dict[str, Any]) -> str:
    """Return which written field has another value now, which one, and who wrote it; "" where all of them still stand.

    `written` is the merge patch that the step sent, or the strategic one: of a list of named items, those that it has are compared, field
    by field. None in it stands for a field that was removed.
    """
    for path, value in _leaves(written, ()):
        now = _value(current, path)
        if now != value:
            who = _writer(current, _owner_of(path))
            return f"{format_path(path)} is {shown(now)} now, and not {shown(value)} as this action wrote it{who}"
    return ""


def named_items(items: Any) -> dict[str, Any] | None:
    """Return the items of a list by their field `name`; None where it is not a list of mappings, each with a name of its own."""
    if not isinstance(items, list) or not items:
        return None
    names = [item.get("name") if isinstance(item, dict) else None for item in items]
    if not all(isinstance(name, str) and name for name in names) or len(set(names)) < len(names):
        return None
    return {Key(name): item for name, item in zip(names, items, strict=True)}


def format_path(path: tuple[str, ...]) -> str:
    """Return the path as kubectl would: a key with dots or slashes in brackets, and the name of a list's item."""
    text = ""
    for key in path:
        text += f"[{key}]" if isinstance(key, Key) or "." in key or "/" in key else f".{key}"
    return text.lstrip(".")


def _leaves(written: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    children = written if isinstance(written, dict) else named_items(written)
    if children is None:
        yield path, written
        return
    for key, value in children.items():  # an empty mapping changes nothing in a merge patch
        yield from _leaves(value, (*path, key))


def _value(obj: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        found = (named_items(obj) or {}) if isinstance(key, Key) else obj
        obj = found.get(key) if isinstance(found, dict) else None
    return obj


def shown(value: Any) -> str:
    """Return a value as one short text."""
    if value is None:
        return "absent"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:60]}…"


def last_writer(obj: dict[str, Any], field: str) -> str:
    """Return `; it was written by MANAGER at TIME` of a field such as `spec.replicas` or `data.LOG_LEVEL`; "" where it is not known."""
    return _writer(obj, lambda fields: _contains(fields or {}, field))


def _writer(obj: dict[str, Any], owns: Callable[[Any], bool]) -> str:
    """Return who wrote a field, or, where no manager owns it any more, who wrote last; "" where managedFields do not tell."""
    entries = [
        entry
        for entry in obj.get("metadata", {}).get("managedFields") or ()
        if entry.get("manager") != OWN_MANAGER and entry.get("subresource") != "status"
    ]
    owners = [entry for entry in entries if owns(entry.get("fieldsV1"))]
    found = max(owners or entries, key=lambda entry: entry.get("time") or "", default=None)
    if found is None or not found.get("manager"):
        return ""
    when = f" at {found['time']}" if found.get("time") else ""
    return f"; {'it was written by' if owners else 'the last to write the object was'} {found['manager']}{when}"


def _owner_of(path: tuple[str, ...]) -> Callable[[Any], bool]:
    def owns(fields: Any) -> bool:
        for key in path:
            field = f'k:{{"name":"{key}"}}' if isinstance(key, Key) else f"f:{key}"
            fields = fields.get(field) if isinstance(fields, dict) else None
        return fields is not None

    return owns


def _contains(fields: Any, path: str) -> bool:
    """Whether this tree of fields has the path. Keys can contain dots, so each key of a level is tried whole."""
    for key, below in fields.items() if isinstance(fields, dict) else ():
        name = _named(key)
        if not name:
            continue
        forms = (name, f"[{name}]")
        if path in forms:
            return True
        rests = (path[len(form) :].removeprefix(".") for form in forms if path.startswith((f"{form}.", f"{form}[")))
        if any(_contains(below, rest) for rest in rests):
            return True
    return False


def _named(key: str) -> str:
    """Return the name of a field (`f:replicas`) or of a list's item (`k:{"name":"web"}`), or ""."""
    if key.startswith("f:"):
        return key[2:]
    start, end = 'k:{"name":"', '"}'
    return key[len(start) : -len(end)] if key.startswith(start) and key.endswith(end) else ""
