"""limit and continue: a list in pieces.

A continued list starts after the last name it showed, in the present state of the cluster; Kubernetes shows the state of the
first piece. A piece asked for after the history was compacted gets 410, as there.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

from kubernaut_sandbox.model.objects import Object, encode, name_of, namespace_of
from kubernaut_sandbox.model.statuses import ApiError, bad_request
from kubernaut_sandbox.model.store import Store


def page(store: Store, resource: str, objects: list[Object], query: Mapping[str, str]) -> tuple[list[Object], Object]:
    """The objects of this piece, and the list's metadata."""
    revision = store.revision
    _check_revision(store, query)
    if token := query.get("continue"):
        revision, after = _read(token)
        store.changes_since(resource, revision)
        objects = [obj for obj in objects if [namespace_of(obj), name_of(obj)] > after]
    metadata: Object = {"resourceVersion": str(revision)}
    limit = _limit(query.get("limit") or "0")
    if limit and len(objects) > limit:
        metadata["continue"] = _written(revision, objects[limit - 1])
        metadata["remainingItemCount"] = len(objects) - limit
        objects = objects[:limit]
    return objects, metadata


def _limit(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from error


def _check_revision(store: Store, query: Mapping[str, str]) -> None:
    asked = query.get("resourceVersion") or "0"
    if not asked.isdigit():
        raise bad_request(
            f'invalid resource version: resourceVersion: Invalid value: "{asked}": strconv.ParseUint: parsing "{asked}": invalid syntax'
        )
    if int(asked) > store.revision:
        message = f"Timeout: Too large resource version: {asked}, current: {store.revision}"
        causes = [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]
        raise ApiError(504, "Timeout", message, {"causes": causes}, retry_after=1)


def _written(revision: int, last: Object) -> str:
    token = {"v": "meta.k8s.io/v1", "rv": revision, "start": [namespace_of(last), name_of(last)]}
    return base64.urlsafe_b64encode(encode(token)).decode().rstrip("=")


def _read(token: str) -> tuple[int, list[str]]:
    try:
        read = json.loads(base64.urlsafe_b64decode(token + "=="))
        return int(read["rv"]), list(read["start"])
    except (ValueError, KeyError, TypeError) as error:
        raise bad_request(f"invalid continue token: continue key is not valid: {error}") from error
