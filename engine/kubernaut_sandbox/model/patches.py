"""The three patch types of the API, by media type. Server-side apply is rejected."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import jsonpatch
import jsonpointer

from kubernaut_sandbox.model.documents import DocumentError, check_depth
from kubernaut_sandbox.model.kinds import Kind
from kubernaut_sandbox.model.objects import Object, copy, encode
from kubernaut_sandbox.model.statuses import ApiError, bad_request, not_implemented, unsupported_media
from kubernaut_sandbox.model.strategic import strategic_merge

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"
_MAX_OPERATIONS = 10_000
_MAX_COPIED_BYTES = 3 * 1024 * 1024
_REJECTED: tuple[int, str, str, Object] = (
    422,
    "Invalid",
    "the server rejected our request due to an error in our request",
    {},
)


class PatchTestFailedError(ApiError):
    """A `test` operation of a JSON patch does not hold."""


class _Replace(jsonpatch.ReplaceOperation):
    """A replace that adds an absent member of an object, as the API server does."""

    def apply(self, obj: Any) -> Any:
        parent, part = self.pointer.to_last(obj)
        if isinstance(parent, dict) and part is not None:
            parent[part] = self.operation["value"]
            return obj
        return super().apply(obj)


class _Patch(jsonpatch.JsonPatch):
    """Its copies are bounded together, as in the API server: each one can double the object, so a few dozen would fill the memory."""

    operations = MappingProxyType({**jsonpatch.JsonPatch.operations, "replace": _Replace})

    def apply_to(self, obj: Any) -> Any:
        """Apply the operations to an object, which they change."""
        copied = 0
        for operation in self._ops:  # type: ignore[attr-defined]  # the stubs lack it
            if operation.operation["op"] == "copy":
                source = jsonpointer.resolve_pointer(obj, operation.operation.get("from", ""), None)
                copied += len(encode(source))
                if copied > _MAX_COPIED_BYTES:
                    raise jsonpatch.JsonPatchConflict("the copies are too large")
            obj = operation.apply(obj)
        return obj


@dataclass(frozen=True, slots=True)
class Patch:
    """A patch: its media type, and its parsed content."""

    media_type: str
    content: Any

    def check_type(self, kind: Kind) -> None:
        """Raise a 415, or a 501, for a patch type that the kind, or the sandbox, does not support."""
        accepted = [JSON_PATCH, MERGE_PATCH] if kind.custom else [JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH]
        if self.media_type.startswith("application/apply-patch"):
            raise not_implemented("server-side apply: use kubectl apply without --server-side, or another patch type")
        if self.media_type not in accepted:
            raise unsupported_media([*accepted, APPLY_PATCH])

    def apply(self, kind: Kind, current: Object) -> Object:
        """Return the object after the patch, not yet validated; raise ApiError for a patch that cannot be applied."""
        self.check_type(kind)
        patched = self._patched(current)
        try:
            check_depth(patched)
        except DocumentError as error:
            raise bad_request(f"the result of the patch cannot be stored: {error}") from error
        return patched

    def _patched(self, current: Object) -> Object:
        if self.media_type == JSON_PATCH:
            return _json_patch(current, self.content)
        if not isinstance(self.content, dict):
            raise bad_request(
                "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}"
            )
        merge = merge_patch if self.media_type == MERGE_PATCH else strategic_merge
        merged = merge(current, self.content)
        if not isinstance(merged, dict):
            raise bad_request("the result of the patch is not an object")
        return merged


def merge_patch(target: Any, patch: Any) -> Any:
    """Apply an RFC 7396 patch: null removes a member, objects are merged, any other value replaces."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge_patch(result.get(key), value)
    return result


def _json_patch(current: Object, operations: Any) -> Object:
    if not isinstance(operations, list):
        raise bad_request(
            "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp"
        )
    if len(operations) > _MAX_OPERATIONS:
        message = f"The allowed maximum operations in a JSON patch is {_MAX_OPERATIONS}, got {len(operations)}"
        raise ApiError(413, "RequestEntityTooLarge", message)
    try:
        result: Object = _Patch(operations).apply_to(copy(current))
    except jsonpatch.InvalidJsonPatch as error:
        raise bad_request(f"error decoding patch: {error}") from error
    except jsonpatch.JsonPatchTestFailed as error:
        raise PatchTestFailedError(*_REJECTED) from error
    except RecursionError as error:
        raise bad_request("error decoding patch: exceeded max depth") from error
    except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException, TypeError) as error:
        raise ApiError(*_REJECTED) from error
    return result
