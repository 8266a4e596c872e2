"""How a new state of an object meets the old one: what may not change, what each subresource may write, when it is over."""

from __future__ import annotations

from kubernaut_sandbox.model.kinds import Kind
from kubernaut_sandbox.model.objects import Object, is_deleting, meta, name_of, namespace_of, uid_of
from kubernaut_sandbox.model.statuses import Cause, bad_request, conflict, invalid, invalid_value

_KEPT = (
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
    """Refuse a new state made from another version, or of another object."""
    name, revision = name_of(old), meta(new).get("resourceVersion")
    if name_of(new) != name:
        raise bad_request(f"the name of the object ({name_of(new)}) does not match the name on the URL ({name})")
    if namespace_of(new) and namespace_of(new) != namespace_of(old):
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
    if not revision and not kind.blind_update:
        why = "must be specified for an update"
        raise invalid(kind.resource, name, [invalid_value("metadata.resourceVersion", 0, why)])
    if uid_of(new) and uid_of(new) != uid_of(old):
        why = f"Precondition failed: UID in precondition: {uid_of(new)}, UID in object meta: {uid_of(old)}"
        raise conflict(kind.resource, name, why)
    if revision and revision != meta(old)["resourceVersion"]:
        raise conflict(kind.resource, name)
    if is_deleting(old):
        _check_finalizers(kind, old, new)


def merged_update(kind: Kind, old: Object, new: Object, subresource: str) -> Object:
    """The old object with the part this request may write taken from the new one."""
    kept = {key: value for key, value in meta(old).items() if key in _KEPT}
    metadata = {**{key: value for key, value in meta(new).items() if key not in _KEPT}, **kept}
    typed = {"kind": kind.kind, "apiVersion": kind.api_version}
    if subresource == "status":
        part = {"status": new["status"]} if "status" in new else {}
        base = {key: value for key, value in old.items() if key != "status"}
        return {**base, **part} if kind.custom else {**base, "metadata": metadata, **part}
    if subresource == "finalize":
        return {**old, "spec": new.get("spec") or {}}
    merged = {**new, **typed, "metadata": metadata}
    if "status" in kind.subresources:
        merged.pop("status", None)
        if "status" in old:
            merged["status"] = old["status"]
    if kind.resource == "namespaces":
        merged["spec"] = old["spec"]
    return merged


def worn_out(kind: Kind, obj: Object) -> bool:
    """Whether a deleted object has nothing left to wait for."""
    if not is_deleting(obj) or meta(obj).get("finalizers"):
        return False
    if kind.resource == "namespaces":
        return not (obj.get("spec") or {}).get("finalizers")
    return not meta(obj).get("deletionGracePeriodSeconds")


def _check_finalizers(kind: Kind, old: Object, new: Object) -> None:
    added = [item for item in meta(new).get("finalizers") or () if item not in (meta(old).get("finalizers") or ())]
    if added:
        shown = ", ".join(f'"{item}"' for item in added)
        why = f"Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{{{shown}}}"
        raise invalid(kind.qualified, name_of(old), [Cause("metadata.finalizers", why, "FieldValueForbidden")])
