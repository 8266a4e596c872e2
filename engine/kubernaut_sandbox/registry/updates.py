"""The rules of every update: what must not change, what each subresource can write, and when a deleted object is removed."""

from __future__ import annotations

from kubernaut_sandbox.model.kinds import Kind
from kubernaut_sandbox.model.objects import Object, is_deleting, meta, name_of, namespace_of, uid_of
from kubernaut_sandbox.model.statuses import Cause, bad_request, conflict, invalid, invalid_value

_SERVER_FIELDS = (
    "name",
    "namespace",
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
    "resourceVersion",
)


def check_update(kind: Kind, old: Object, new: Object) -> None:
    """Raise ApiError for an update that is based on another version, or that names another object."""
    name, revision = name_of(old), meta(new).get("resourceVersion")
    if name_of(new) != name:
        raise bad_request(f"the name of the object ({name_of(new)}) does not match the name on the URL ({name})")
    if namespace_of(new) and namespace_of(new) != namespace_of(old):
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
    if not revision and not kind.unconditional_update:
        detail = "must be specified for an update"
        raise invalid(kind.resource, name, [invalid_value("metadata.resourceVersion", 0, detail)])
    if uid_of(new) and uid_of(new) != uid_of(old):
        detail = f"Precondition failed: UID in precondition: {uid_of(new)}, UID in object meta: {uid_of(old)}"
        raise conflict(kind.resource, name, detail)
    if revision and revision != meta(old)["resourceVersion"]:
        raise conflict(kind.resource, name)
    if is_deleting(old):
        _check_finalizers(kind, old, new)


def merge_update(kind: Kind, old: Object, new: Object, subresource: str) -> Object:
    """Return the old object with the part that this request can write taken from the new one."""
    server_fields = {key: value for key, value in meta(old).items() if key in _SERVER_FIELDS}
    metadata = {**{key: value for key, value in meta(new).items() if key not in _SERVER_FIELDS}, **server_fields}
    type_meta = {"kind": kind.kind, "apiVersion": kind.api_version}
    if subresource == "status":
        part = {"status": new["status"]} if "status" in new else {}
        base = {key: value for key, value in old.items() if key != "status"}
        return {**base, **part} if kind.custom else {**base, "metadata": metadata, **part}
    if subresource == "ephemeralcontainers":
        added = (new.get("spec") or {}).get("ephemeralContainers") or []
        return {**old, "spec": {**old["spec"], "ephemeralContainers": added}}
    if subresource == "finalize":
        return {**old, "spec": new.get("spec") or {}}
    merged = {**new, **type_meta, "metadata": metadata}
    if "status" in kind.subresources:
        merged.pop("status", None)
        if "status" in old:
            merged["status"] = old["status"]
    if kind.resource == "namespaces":
        merged["spec"] = old["spec"]
    return merged


def is_removable(kind: Kind, obj: Object) -> bool:
    """Whether the object is being deleted and nothing delays its removal any more."""
    if not is_deleting(obj) or meta(obj).get("finalizers"):
        return False
    if kind.resource == "namespaces":
        return not (obj.get("spec") or {}).get("finalizers")
    return not meta(obj).get("deletionGracePeriodSeconds")


def _check_finalizers(kind: Kind, old: Object, new: Object) -> None:
    added = [item for item in meta(new).get("finalizers") or () if item not in (meta(old).get("finalizers") or ())]
    if added:
        listed = ", ".join(f'"{item}"' for item in added)
        detail = f"Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{{{listed}}}"
        raise invalid(kind.group_kind, name_of(old), [Cause("metadata.finalizers", detail, "FieldValueForbidden")])
