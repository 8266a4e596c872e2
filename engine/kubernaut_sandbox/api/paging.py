"""Lists in pages: the query parameters `limit` and `continue`.

A page starts after the last name of the previous one, and shows the present state of the cluster; in Kubernetes it shows the
state of the first page. As in Kubernetes, a page that is requested after the history was compacted gets 410.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping

from kubernaut_sandbox.api.request_info import whole_number
from kubernaut_sandbox.model.documents import parse_json
from kubernaut_sandbox.model.objects import Object, encode, name_of, namespace_of
from kubernaut_sandbox.model.statuses import ApiError, bad_request
from kubernaut_sandbox.model.store import Store


def paginate(
    store: Store, resource: str, objects: list[Object], query: Mapping[str, str]
) -> tuple[list[Object], Object]:
    """Return the objects of the requested page, and the metadata of the list."""
    revision = store.revision
    _check_revision(store, query)
    if token := query.get("continue"):
        revision, after = _decode_token(token)
        store.changes_since(resource, revision)
        objects = [obj for obj in objects if [namespace_of(obj), name_of(obj)] > after]
    metadata: Object = {"resourceVersion": str(revision)}
    limit = _limit(query.get("limit") or "0")
    if limit and len(objects) > limit:
        metadata["continue"] = _encode_token(revision, objects[limit - 1])
        metadata["remainingItemCount"] = len(objects) - limit
        objects = objects[:limit]
    return objects, metadata


def _limit(text: str) -> int:
    number = whole_number(text.removeprefix("-"))
    if number is None:
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax')
    return 0 if text.startswith("-") else number


def _check_revision(store: Store, query: Mapping[str, str]) -> None:
    revision = query.get("resourceVersion") or "0"
    number = whole_number(revision)
    if number is None:
        detail = f'Invalid value: "{revision}": strconv.ParseUint: parsing "{revision}": invalid syntax'
        raise bad_request(f"invalid resource version: resourceVersion: {detail}")
    if number > store.revision:
        message = f"Timeout: Too large resource version: {revision}, current: {store.revision}"
        causes = [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]
        raise ApiError(504, "Timeout", message, {"causes": causes}, retry_after=1)


def _encode_token(revision: int, last: Object) -> str:
    token = {"v": "meta.k8s.io/v1", "rv": revision, "start": [namespace_of(last), name_of(last)]}
    return base64.urlsafe_b64encode(encode(token)).decode().rstrip("=")


def _decode_token(token: str) -> tuple[int, list[str]]:
    try:
        content = parse_json(base64.urlsafe_b64decode(token + "==")).content
        return int(content["rv"]), [str(part) for part in content["start"]]
    except (ValueError, KeyError, TypeError) as error:
        raise bad_request(f"invalid continue token: continue key is not valid: {error}") from error
