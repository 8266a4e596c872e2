"""The syntax of names, labels and keys, and the messages about those that are not valid."""

from __future__ import annotations

import re

from kubernaut_sandbox.model.kinds import Kind
from kubernaut_sandbox.model.objects import Object, meta
from kubernaut_sandbox.model.statuses import Cause, invalid_value, required, too_long

_LABEL_REGEX = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN_REGEX = rf"{_LABEL_REGEX}(\.{_LABEL_REGEX})*"
_VALUE_REGEX = "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?"
_QUALIFIED_REGEX = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_KEY_REGEX = "[-._a-zA-Z0-9]+"

LABEL_MESSAGE = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an "
    f"alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '{_LABEL_REGEX}')"
)
SUBDOMAIN_MESSAGE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end "
    f"with an alphanumeric character (e.g. 'example.com', regex used for validation is '{_SUBDOMAIN_REGEX}')"
)
_VALUE_MESSAGE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end "
    f"with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '{_VALUE_REGEX}')"
)
_QUALIFIED_MESSAGE = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    f"character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{_QUALIFIED_REGEX}')"
)
_KEY_MESSAGE = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or "
    f"'key-name', regex used for validation is '{_KEY_REGEX}')"
)
_LABEL_NAMED = frozenset({"namespaces", "services"})
_PATH_NAMED = frozenset(
    f"{kind}.rbac.authorization.k8s.io" for kind in ("roles", "rolebindings", "clusterroles", "clusterrolebindings")
)
_STANDARD_FINALIZERS = frozenset({"kubernetes", "orphan", "foregroundDeletion"})
_QUALIFIED_SHAPE_MESSAGE = (
    "a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    f"character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{_QUALIFIED_REGEX}') with an "
    "optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
)
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
    limit, regex, message = (
        (253, _SUBDOMAIN_REGEX, SUBDOMAIN_MESSAGE) if subdomain else (63, _LABEL_REGEX, LABEL_MESSAGE)
    )
    causes = []
    if not subdomain and "." in name and field == "metadata.name":
        return [invalid_value(field, name, "must not contain dots")]
    if len(name) > limit:
        causes.append(invalid_value(field, name, f"must be no more than {limit} bytes"))
    if not re.fullmatch(regex, name):
        causes.append(invalid_value(field, name, message))
    return causes


def label_causes(field: str, labels: Object) -> list[Cause]:
    """Return the causes for labels with an invalid key or value."""
    causes = []
    for key, value in labels.items():
        causes += qualified_name_causes(field, key)
        if len(value) > 63:
            causes.append(invalid_value(field, value, "must be no more than 63 bytes"))
        if not re.fullmatch(_VALUE_REGEX, value):
            causes.append(invalid_value(field, value, _VALUE_MESSAGE))
    return causes


def qualified_name_causes(field: str, key: str) -> list[Cause]:
    """Return the causes for a key that is neither `name` nor `prefix/name`."""
    prefix, slash, name = key.rpartition("/")
    if "/" in prefix:
        return [invalid_value(field, key, _QUALIFIED_SHAPE_MESSAGE)]
    causes = []
    if slash and not re.fullmatch(_SUBDOMAIN_REGEX, prefix):
        causes.append(invalid_value(field, key, f"prefix part {SUBDOMAIN_MESSAGE}"))
    if not name:
        causes.append(invalid_value(field, key, "name part must be non-empty"))
    if len(name) > 63:
        causes.append(invalid_value(field, key, "name part must be no more than 63 bytes"))
    if not re.fullmatch(_QUALIFIED_REGEX, name):
        causes.append(invalid_value(field, key, _QUALIFIED_MESSAGE))
    return causes


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
