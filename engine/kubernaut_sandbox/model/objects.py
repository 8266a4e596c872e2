"""Accessors of manifests, shared by everything that handles objects.

Objects are plain JSON dicts, and immutable by convention: code that changes one copies the part that changes.
"""

from __future__ import annotations

import json
import re
import secrets
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

Object = dict[str, Any]
"""A Kubernetes object, or a part of one."""

_SUFFIX_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
"""The characters of random names in Kubernetes: no vowels, none that look alike."""


def now() -> str:
    """Return the present time as the API writes it: UTC, whole seconds."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_time(text: str) -> datetime:
    """Parse an RFC 3339 time, with or without fractions of a second; raise ValueError for anything else."""
    return datetime.fromisoformat(text)


def seconds_since(text: str) -> float:
    """Return how many seconds ago the time was."""
    return (datetime.now(UTC) - parse_time(text)).total_seconds()


def new_uid() -> str:
    """Return a new metadata.uid."""
    return str(uuid.uuid4())


def name_suffix() -> str:
    """Return five random characters, as generateName appends them."""
    return "".join(secrets.choice(_SUFFIX_ALPHABET) for _ in range(5))


def meta(obj: Object) -> Object:
    """Return the metadata; empty when absent."""
    return obj.get("metadata") or {}


def name_of(obj: Object) -> str:
    """Return metadata.name, or an empty string."""
    return str(meta(obj).get("name") or "")


def namespace_of(obj: Object) -> str:
    """Return metadata.namespace, or an empty string."""
    return str(meta(obj).get("namespace") or "")


def uid_of(obj: Object) -> str:
    """Return metadata.uid, or an empty string."""
    return str(meta(obj).get("uid") or "")


def labels_of(obj: Object) -> dict[str, str]:
    """Return metadata.labels; empty when absent."""
    return meta(obj).get("labels") or {}


def spec_of(obj: Object) -> Object:
    """Return the spec; empty when absent."""
    return obj.get("spec") or {}


def status_of(obj: Object) -> Object:
    """Return the status; empty when absent."""
    return obj.get("status") or {}


def is_deleting(obj: Object) -> bool:
    """Whether the object is being deleted."""
    return bool(meta(obj).get("deletionTimestamp"))


def with_meta(obj: Object, **changes: Any) -> Object:
    """Return a copy with these metadata fields set; None removes a field."""
    metadata = {key: value for key, value in {**meta(obj), **changes}.items() if value is not None}
    return {**obj, "metadata": metadata}


def with_status(obj: Object, **changes: Any) -> Object:
    """Return a copy with these status fields set; None removes a field."""
    status = {key: value for key, value in {**status_of(obj), **changes}.items() if value is not None}
    return {**obj, "status": status}


def copy(value: Any) -> Any:
    """Return a deep copy of JSON data; several times faster than copy.deepcopy."""
    if isinstance(value, dict):
        return {key: copy(item) for key, item in value.items()}
    if isinstance(value, list):
        return [copy(item) for item in value]
    return value


def controller_of(obj: Object) -> Object | None:
    """Return the owner reference that is marked as the controller; None when there is none."""
    return next((owner for owner in meta(obj).get("ownerReferences") or () if owner.get("controller")), None)


def owner_reference(owner: Object) -> Object:
    """Return an owner reference to the object, as the controller."""
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": name_of(owner),
        "uid": uid_of(owner),
        "controller": True,
        "blockOwnerDeletion": True,
    }


def condition_of(obj: Object, kind: str) -> Object | None:
    """Return the status condition of that type; None when there is none."""
    return next((c for c in status_of(obj).get("conditions") or () if c.get("type") == kind), None)


def has_condition(obj: Object, kind: str) -> bool:
    """Whether the condition of that type is True."""
    return (condition_of(obj, kind) or {}).get("status") == "True"


def put_condition(conditions: Iterable[Object], condition: Object) -> list[Object]:
    """Return the conditions with this one set; its lastTransitionTime changes only when its status does."""
    stamped = {"lastTransitionTime": now(), **condition}
    result, replaced = [], False
    for old in conditions:
        if old.get("type") != condition["type"]:
            result.append(old)
            continue
        replaced = True
        if old.get("status") == condition["status"]:
            stamped["lastTransitionTime"] = old.get("lastTransitionTime", stamped["lastTransitionTime"])
        result.append(stamped)
    return result if replaced else [*result, stamped]


def dig(value: Any, path: str) -> Any:
    """Return the value at a simple JSON path, as in printer columns and scale subresources; None when absent."""
    for part in _path_parts(path):
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.lstrip("-").isdigit() and -len(value) <= int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def encode(value: Any) -> bytes:
    """Encode as compact JSON; raise ValueError for NaN and Infinity, which it does not have."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def _path_parts(path: str) -> list[str]:
    return [
        quoted or plain or index
        for quoted, index, plain in re.findall(r"\['([^']+)'\]|\[(-?\d+)\]|\.?([^.\[\]]+)", path)
    ]
