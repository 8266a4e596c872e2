"""The fields of an object's metadata, and the causes for which the API server rejects them."""

from __future__ import annotations

import re

from kubernaut_cel.names import label_value_errors, name_errors, qualified_name_errors
from kubernaut_sandbox.model.kinds import Kind
from kubernaut_sandbox.model.objects import Object, meta
from kubernaut_sandbox.model.statuses import Cause, invalid_value, required, too_long

_KEY_REGEX = "[-._a-zA-Z0-9]+"
_KEY_MESSAGE = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or "
    f"'key-name', regex used for validation is '{_KEY_REGEX}')"
)
_LABEL_NAMED = frozenset({"namespaces", "services"})
_PATH_NAMED = frozenset(
    f"{kind}.rbac.authorization.k8s.io" for kind in ("roles", "rolebindings", "clusterroles", "clusterrolebindings")
)
_STANDARD_FINALIZERS = frozenset({"kubernetes", "orphan", "foregroundDeletion"})
_MAX_ANNOTATION_BYTES = 256 * 1024


def metadata_causes(kind: Kind, obj: Object) -> list[Cause]:
    """Return a cause for every invalid field of an object's metadata."""
    metadata = meta(obj)
    name = metadata.get("name") or ""
    if not name:
        causes = [required("metadata.name", "name or generateName is required")]
    elif kind.resource in _PATH_NAMED:
        causes = _path_name_causes(name)
    else:
        causes = name_causes("metadata.name", name, subdomain=kind.resource not in _LABEL_NAMED)
    causes += label_causes("metadata.labels", metadata.get("labels") or {})
    annotations = metadata.get("annotations") or {}
    for key in annotations:
        causes += qualified_name_causes("metadata.annotations", key.lower())
    if sum(len(key.encode()) + len(str(value).encode()) for key, value in annotations.items()) > _MAX_ANNOTATION_BYTES:
        causes.append(too_long("metadata.annotations", _MAX_ANNOTATION_BYTES))
    legacy = not kind.custom and kind.group != "apiextensions.k8s.io"
    for index, finalizer in enumerate(metadata.get("finalizers") or ()):
        causes += qualified_name_causes("metadata.finalizers", finalizer)
        if legacy and "/" not in finalizer and finalizer not in _STANDARD_FINALIZERS:
            detail = "name is neither a standard finalizer name nor is it fully qualified"
            causes.append(invalid_value(f"metadata.finalizers[{index}]", finalizer, detail))
    return causes + _owner_causes(metadata.get("ownerReferences") or ())


def name_causes(field: str, name: str, *, subdomain: bool) -> list[Cause]:
    """Return the causes for a name that is not a DNS subdomain, or not a DNS label."""
    if not subdomain and "." in name and field == "metadata.name":
        return [invalid_value(field, name, "must not contain dots")]
    return [invalid_value(field, name, error) for error in name_errors(name, subdomain=subdomain)]


def label_causes(field: str, labels: Object) -> list[Cause]:
    """Return the causes for labels with an invalid key or value."""
    causes = []
    for key, value in labels.items():
        causes += qualified_name_causes(field, key)
        causes += [invalid_value(field, value, error) for error in label_value_errors(value)]
    return causes


def qualified_name_causes(field: str, key: str) -> list[Cause]:
    """Return the causes for a key that is neither `name` nor `prefix/name`."""
    return [invalid_value(field, key, error) for error in qualified_name_errors(key)]


def config_key_causes(field: str, key: str) -> list[Cause]:
    """Return the causes for a key that a ConfigMap or Secret cannot have."""
    causes = []
    if len(key) > 253:
        causes.append(invalid_value(field, key, "must be no more than 253 characters"))
    if not re.fullmatch(_KEY_REGEX, key):
        causes.append(invalid_value(field, key, _KEY_MESSAGE))
    elif key in (".", ".."):
        causes.append(invalid_value(field, key, f"must not be '{key}'"))
    elif key.startswith(".."):
        causes.append(invalid_value(field, key, "must not start with '..'"))
    return causes


def _path_name_causes(name: str) -> list[Cause]:
    if name in (".", ".."):
        return [invalid_value("metadata.name", name, f"may not be '{name}'")]
    return [invalid_value("metadata.name", name, f"may not contain '{bad}'") for bad in "/%" if bad in name]


def _owner_causes(owners: list[Object] | tuple[Object, ...]) -> list[Cause]:
    prefixes = {"apiVersion": "version ", "kind": "kind ", "name": "", "uid": ""}
    causes = [
        invalid_value(f"metadata.ownerReferences.{field}", owner.get(field, ""), f"{prefix}must not be empty")
        for owner in owners
        for field, prefix in prefixes.items()
        if not owner.get(field)
    ]
    if sum(bool(owner.get("controller")) for owner in owners) > 1:
        causes.append(
            Cause("metadata.ownerReferences", "Invalid value: only one reference can have Controller set to true")
        )
    return causes
