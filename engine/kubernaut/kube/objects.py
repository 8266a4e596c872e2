"""What every Kubernetes object has: a key, metadata, and an API resource that serves it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from kubernaut.api.execution import GROUP, PLURAL, VERSION
from kubernaut.api.runbook import RUNBOOK_PLURAL
from kubernaut.errors import NotFoundError

_SEGMENT = re.compile(r"(?!\.{1,2}$)[^/?#%\\\x00-\x20\x7f]+")
"""What can be one segment of a path, and nothing else: no name of an object has more in it."""
_MAX_SHOWN = 80
Object = dict[str, Any]
"""An object as JSON."""


class Key(NamedTuple):
    """An object's namespace and name: what enters the work queue."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


def key_of(obj: Mapping[str, Any]) -> Key:
    """Return the key of an object; its namespace is "" if it is cluster-scoped."""
    metadata = obj["metadata"]
    return Key(metadata.get("namespace", ""), metadata["name"])


@dataclass(frozen=True, slots=True)
class CachedObject:
    """An object as the API server last sent it, and what this process knows beyond that."""

    json: Object
    first_seen: Mapping[str, datetime] = field(default_factory=dict)
    """When a fact about the object was first seen, by our own clock: Kubernetes writes most times in whole seconds."""
    deleted: bool = False
    """Whether it has been deleted since, and is remembered for what its status last said."""


def without_managed_fields(obj: Object) -> Object:
    """Drop managedFields and kubectl's copy of the manifest from the object, and return it."""
    metadata = obj["metadata"]
    metadata.pop("managedFields", None)
    metadata.get("annotations", {}).pop("kubectl.kubernetes.io/last-applied-configuration", None)
    return obj


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind of object, as its REST path names it."""

    root: str
    plural: str

    def path(self, namespace: str | None = None, name: str | None = None, subresource: str | None = None) -> str:
        """Return the path of the collection, an object, or its subresource.

        Raises NotFoundError for a namespace or name that no object can have: put into a path, it would lead to another one.
        """
        for given, kind in ((namespace, "namespaces"), (name, self.plural)):
            if given and not _SEGMENT.fullmatch(given):
                raise NotFoundError(f"{kind} {given[:_MAX_SHOWN]!r} not found: no object can have this name", kind)
        parts = [self.root, *(["namespaces", namespace] if namespace else []), self.plural, name, subresource]
        return "/".join(part for part in parts if part)


EXECUTIONS = Resource(f"/apis/{GROUP}/{VERSION}", PLURAL)
RUNBOOKS = Resource(f"/apis/{GROUP}/{VERSION}", RUNBOOK_PLURAL)
JOBS = Resource("/apis/batch/v1", "jobs")
PODS = Resource("/api/v1", "pods")
EVENTS = Resource("/api/v1", "events")
SERVICE_ACCOUNTS = Resource("/api/v1", "serviceaccounts")
SUBJECT_ACCESS_REVIEWS = Resource("/apis/authorization.k8s.io/v1", "subjectaccessreviews")
LOCAL_SUBJECT_ACCESS_REVIEWS = Resource("/apis/authorization.k8s.io/v1", "localsubjectaccessreviews")
SELF_SUBJECT_REVIEWS = Resource("/apis/authentication.k8s.io/v1", "selfsubjectreviews")
LEASES = Resource("/apis/coordination.k8s.io/v1", "leases")


def resource_of(kind: str) -> Resource:
    """Return the resource for a string such as `apps/v1/deployments` or `v1/configmaps`."""
    root, _, plural = kind.rpartition("/")
    return Resource(f"/apis/{root}" if "/" in root else f"/api/{root}", plural)
