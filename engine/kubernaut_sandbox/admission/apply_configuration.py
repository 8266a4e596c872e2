"""Merges an apply configuration into an object, as server-side apply would, without the ownership of fields.

Objects are merged field by field, and lists by the keys of their items. A list that has no keys is atomic, and no apply
configuration can change it.
"""

from __future__ import annotations

from typing import Any

from kubernaut_sandbox.model.kinds import Kind
from kubernaut_sandbox.model.objects import Object
from kubernaut_sandbox.model.strategic import merge_keys

_SETS = frozenset({"finalizers"})


def applied(kind: Kind, current: Object, configuration: Object) -> Object:
    """Return the object with the configuration merged in. Raises ValueError for one that changes something atomic."""
    schema = kind.custom["schema"]["openAPIV3Schema"] if kind.custom else None
    atomic: list[str] = []
    merged: Object = _merged(schema, current, configuration, "", atomic)
    if atomic:
        raise ValueError(
            f"invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: {', '.join(atomic)}"
        )
    return merged


def _merged(schema: Object | None, current: Any, wanted: Any, path: str, atomic: list[str]) -> Any:
    if isinstance(wanted, dict):
        if schema and schema.get("x-kubernetes-map-type") == "atomic":
            atomic.append(path)
        base = dict(current) if isinstance(current, dict) else {}
        for key, value in wanted.items():
            base[key] = _merged(_property(schema, key), base.get(key), value, f"{path}.{key}", atomic)
        return base
    if isinstance(wanted, list):
        return _merged_list(schema, current, wanted, path, atomic)
    return wanted


def _merged_list(schema: Object | None, current: Any, wanted: list[Any], path: str, atomic: list[str]) -> Any:
    present = list(current) if isinstance(current, list) else []
    field = path.rpartition(".")[2].partition("[")[0]
    if field in _SETS or (schema or {}).get("x-kubernetes-list-type") == "set":
        return [*present, *(item for item in wanted if item not in present)]
    keys = merge_keys(field) if schema is None else (schema.get("x-kubernetes-list-map-keys") or ())
    if not keys:
        atomic.append(path)
        return present
    items = (schema or {}).get("items")
    for index, item in enumerate(wanted):
        at = f"{path}[{index}]"
        used = [key for key in keys if key in item]
        same = [i for i, old in enumerate(present) if used and all(old.get(key) == item[key] for key in used)]
        if same:
            present[same[0]] = _merged(items, present[same[0]], item, at, atomic)
        else:
            present.append(_merged(items, {}, item, at, atomic))
    return present


def _property(schema: Object | None, key: str) -> Object | None:
    """Return the schema of a field; None for built-in kinds, and for what the schema does not describe."""
    if schema is None or key == "metadata":
        return None
    found = (schema.get("properties") or {}).get(key) or schema.get("additionalProperties")
    return found if isinstance(found, dict) else {}
