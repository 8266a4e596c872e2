"""Strategic merge patch: a merge patch that merges some lists by a key.

The keys are those of the `patchMergeKey` tags of the API types, for the kinds that are served. A list without a key is replaced.
"""

from __future__ import annotations

from typing import Any

from kubernaut_sandbox.model.objects import Object
from kubernaut_sandbox.model.statuses import bad_request

_MERGE_KEYS: dict[str, tuple[str, ...]] = {
    "containers": ("name",),
    "initContainers": ("name",),
    "ephemeralContainers": ("name",),
    "env": ("name",),
    "volumes": ("name",),
    "volumeMounts": ("mountPath",),
    "volumeDevices": ("devicePath",),
    "ports": ("containerPort", "port"),
    "imagePullSecrets": ("name",),
    "hostAliases": ("ip",),
    "topologySpreadConstraints": ("topologyKey",),
    "ownerReferences": ("uid",),
    "conditions": ("type",),
    "secrets": ("name",),
    "resourceClaims": ("name",),
    "podIPs": ("ip",),
    "addresses": ("type",),
    "taints": ("key",),
}
_SET_LISTS = {"finalizers"}
"""Lists of plain values to which the values of the patch are added."""
_DIRECTIVES = ("$patch", "$retainKeys", "$setElementOrder/", "$deleteFromPrimitiveList/")


def strategic_merge(target: Any, patch: Any) -> Any:
    """Return the target with the patch merged in."""
    if not isinstance(patch, dict):
        return patch
    if patch.get("$patch") == "replace":
        return {key: value for key, value in patch.items() if key != "$patch"}
    if patch.get("$patch") == "delete":
        return {}
    base: Object = target if isinstance(target, dict) else {}
    result = _retain_keys(base, patch)
    for key, value in patch.items():
        if key.startswith(_DIRECTIVES):
            continue
        if value is None:
            result.pop(key, None)
        elif isinstance(value, list):
            result[key] = _merge_list(key, base.get(key), value)
        else:
            result[key] = strategic_merge(result.get(key), value)
    return _delete_primitives(result, patch)


def merge_keys(field: str) -> tuple[str, ...]:
    """Return the keys, of which one identifies an item of the list in this field; none for a list that is replaced as a whole."""
    return _MERGE_KEYS.get(field, ())


def _retain_keys(base: Object, patch: Object) -> Object:
    retained = patch.get("$retainKeys")
    return dict(base) if retained is None else {key: value for key, value in base.items() if key in retained}


def _delete_primitives(result: Object, patch: Object) -> Object:
    for key, removed in patch.items():
        field = key.removeprefix("$deleteFromPrimitiveList/")
        if field != key and isinstance(result.get(field), list):
            result[field] = [item for item in result[field] if item not in removed]
    return result


def _merge_list(field: str, old: Any, new: list[Any]) -> list[Any]:
    old = old if isinstance(old, list) else []
    if field in _SET_LISTS:
        return [*(item for item in new if item not in old), *old]
    keys = _MERGE_KEYS.get(field)
    if not keys or not all(isinstance(item, dict) for item in (*old, *new)):
        return new
    if any(item.get("$patch") == "replace" for item in new):
        return [item for item in new if item.get("$patch") != "replace"]
    return _merge_keyed(keys, old, new)


def _merge_keyed(keys: tuple[str, ...], old: list[Object], new: list[Object]) -> list[Object]:
    key = next((k for k in keys if any(k in item for item in (*new, *old))), keys[0])
    result = list(old)
    added = []
    for item in new:
        if key not in item:
            raise bad_request(f"map: {item} does not contain declared merge key: {key}")
        position = next((index for index, present in enumerate(result) if present.get(key) == item[key]), None)
        if item.get("$patch") == "delete":
            result = [present for present in result if present.get(key) != item[key]]
        elif position is None:
            added.append(strategic_merge({}, item))
        else:
            result[position] = strategic_merge(result[position], item)
    # As in Kubernetes, items that the patch adds come before the existing ones.
    return [*added, *result]
