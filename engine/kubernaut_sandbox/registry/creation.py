"""The rules of every creation: the metadata that the server sets, and generated names. `updates` has those of updates."""

from __future__ import annotations

from kubernaut_sandbox.model.kinds import Kind
from kubernaut_sandbox.model.objects import Object, meta, name_of, name_suffix, new_uid, now, with_meta
from kubernaut_sandbox.model.statuses import ApiError, bad_request

_SERVER_FIELDS = (
    "resourceVersion",
    "selfLink",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "uid",
    "creationTimestamp",
    "generation",
)
_MAX_PREFIX_LENGTH = 58


def with_identity(kind: Kind, namespace: str, obj: Object) -> Object:
    """Return a new object with its type, namespace, uid and creation time; raise ApiError for metadata that prevent that."""
    metadata = meta(obj)
    if metadata.get("resourceVersion"):
        raise ApiError(500, "", "resourceVersion should not be set on objects to be created")
    if metadata.get("namespace") and metadata["namespace"] != namespace:
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
    own = {key: value for key, value in metadata.items() if key not in _SERVER_FIELDS}
    own |= {"uid": new_uid(), "creationTimestamp": now()}
    if kind.namespaced:
        own["namespace"] = namespace
    else:
        own.pop("namespace", None)
    return {**obj, "kind": kind.kind, "apiVersion": kind.api_version, "metadata": own}


def with_generated_name(obj: Object) -> Object:
    """Return the object with a name made from generateName, when it has no name."""
    prefix = meta(obj).get("generateName")
    if name_of(obj) or not prefix:
        return obj
    return with_meta(obj, name=f"{prefix[:_MAX_PREFIX_LENGTH]}{name_suffix()}")
