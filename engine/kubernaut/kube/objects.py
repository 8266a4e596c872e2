"""What every Kubernetes object has: a key, and metadata that nobody here reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

Object = dict[str, Any]


class Key(NamedTuple):
    """An object's namespace and name: what enters the queue."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


def key_of(obj: Mapping[str, Any]) -> Key:
    """The key of an object."""
    metadata = obj["metadata"]
    return Key(metadata.get("namespace", ""), metadata["name"])


def without_noise(obj: Object) -> Object:
    """The object without what nobody here reads: managedFields and kubectl's copy of the manifest."""
    metadata = obj["metadata"]
    metadata.pop("managedFields", None)
    metadata.get("annotations", {}).pop("kubectl.kubernetes.io/last-applied-configuration", None)
    return obj
