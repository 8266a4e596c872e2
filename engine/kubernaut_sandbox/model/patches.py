"""The three patches of the API, told apart by their media type; server-side apply is refused."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import jsonpatch
import jsonpointer

from kubernaut_sandbox.model.kinds import Kind
from kubernaut_sandbox.model.objects import Object, copy
from kubernaut_sandbox.model.statuses import ApiError, bad_request, not_implemented, unsupported_media
from kubernaut_sandbox.model.strategic import strategic_merge

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"
_MOST_OPERATIONS = 10_000


class _Replace(jsonpatch.ReplaceOperation):
    """As the API server has it: replacing an absent member of an object adds it."""

    def apply(self, obj: Any) -> Any:
        parent, part = self.pointer.to_last(obj)
        if isinstance(parent, dict) and part is not None:
            parent[part] = self.operation["value"]
            return obj
        return super().apply(obj)


class _Patch(jsonpatch.JsonPatch):
    operations = MappingProxyType({**jsonpatch.JsonPatch.operations, "replace": _Replace})


def check_media_type(kind: Kind, media_type: str) -> None:
    """Refuse a patch type that the kind, or the sandbox, does not take."""
    accepted = [JSON_PATCH, MERGE_PATCH] if kind.custom else [JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH]
    if media_type.startswith("application/apply-patch"):
        raise not_implemented("server-side apply: use kubectl apply without --server-side, or another patch type")
    if media_type not in accepted:
        raise unsupported_media([*accepted, APPLY_PATCH])


def patched(kind: Kind, current: Object, media_type: str, patch: Any) -> Object:
    """The object after the patch, not yet validated."""
    check_media_type(kind, media_type)
    if media_type == JSON_PATCH:
        return _json_patch(current, patch)
    if not isinstance(patch, dict):
        raise bad_request(
            "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}"
        )
    merged = merge(current, patch) if media_type == MERGE_PATCH else strategic_merge(current, patch)
    if not isinstance(merged, dict):
        raise bad_request("the patch does not leave an object")
    return merged


def merge(target: Any, patch: Any) -> Any:
    """RFC 7396: null removes, objects merge, everything else replaces."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge(result.get(key), value)
    return result


def _json_patch(current: Object, operations: Any) -> Object:
    if not isinstance(operations, list):
        raise bad_request(
            "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp"
        )
    if len(operations) > _MOST_OPERATIONS:
        message = f"The allowed maximum operations in a JSON patch is {_MOST_OPERATIONS}, got {len(operations)}"
        raise ApiError(413, "RequestEntityTooLarge", message)
    try:
        result: Object = _Patch(operations).apply(copy(current))
    except jsonpatch.InvalidJsonPatch as error:
        raise bad_request(f"error decoding patch: {error}") from error
    except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException) as error:
        raise ApiError(422, "Invalid", "the server rejected our request due to an error in our request", {}) from error
    return result
