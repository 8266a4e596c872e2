"""A cluster in memory with the methods of `kubernaut.kube.client.Cluster`: no server, no time, and failures on demand."""

from __future__ import annotations

import copy
import itertools
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any

from kubernaut.api.timestamps import now
from kubernaut.errors import ConflictError, ExistsError, KubernautError, NotFoundError
from kubernaut.kube.answers import Page
from kubernaut.kube.objects import Resource

Object = dict[str, Any]


class FakeCluster:
    """Objects by resource, namespace and name."""

    def __init__(self, *objects: tuple[Resource, Object]) -> None:
        self._versions = itertools.count(1)
        self._objects: dict[tuple[str, str, str], Object] = {}
        self.requests: list[tuple[str, str]] = []
        """Verb and plural of every request."""
        self.failures: dict[tuple[str, str], list[KubernautError]] = {}
        """By verb and plural, the errors that the next requests raise."""
        self.allowed = True
        """What access reviews answer."""
        for resource, obj in objects:
            self.put(resource, obj)

    async def server_time(self) -> datetime:
        return now()

    def put(self, resource: Resource, obj: Mapping[str, Any]) -> Object:
        """Store an object as another client would, and return it as stored."""
        stored = copy.deepcopy(dict(obj))
        metadata = stored["metadata"]
        metadata.setdefault("uid", f"uid-of-{metadata['name']}")
        metadata.setdefault("creationTimestamp", now().replace(microsecond=0).isoformat())
        metadata["resourceVersion"] = str(next(self._versions))
        self._objects[resource.plural, metadata.get("namespace", ""), metadata["name"]] = stored
        return copy.deepcopy(stored)

    def remove(self, resource: Resource, obj: Mapping[str, Any]) -> None:
        """Delete an object as another client would."""
        metadata = obj["metadata"]
        self._objects.pop((resource.plural, metadata.get("namespace", ""), metadata["name"]), None)

    def all(self, resource: Resource) -> list[Object]:
        """Return every stored object of a resource."""
        return [copy.deepcopy(obj) for (plural, *_), obj in self._objects.items() if plural == resource.plural]

    async def get(self, resource: Resource, namespace: str | None, name: str) -> Object:
        self._request("get", resource)
        return copy.deepcopy(self._find(resource, namespace, name))

    async def list(self, resource: Resource, namespace: str | None = None, *, fields: str = "", **_: Any) -> Page:
        self._request("list", resource)
        found = [obj for obj in self.all(resource) if namespace in {None, obj["metadata"].get("namespace")}]
        wanted = dict(part.split("=", 1) for part in fields.split(",") if part)
        return Page(
            [obj for obj in found if all(_field(obj, path) == value for path, value in wanted.items())], "1", ""
        )

    async def pages(self, resource: Resource, namespace: str | None = None, **options: Any) -> AsyncIterator[Page]:
        yield await self.list(resource, namespace, **options)

    async def list_all(self, resource: Resource, namespace: str | None = None, **options: Any) -> Page:
        return await self.list(resource, namespace, **options)

    async def create(
        self, resource: Resource, namespace: str | None, manifest: Mapping[str, Any], *, dry_run: bool = False
    ) -> Object:
        self._request("create", resource)
        if resource.plural.endswith("reviews"):
            return {"status": {"allowed": self.allowed}}
        metadata = dict(manifest["metadata"])
        metadata.setdefault("name", f"{metadata.get('generateName', '')}{next(self._versions)}")
        if (resource.plural, namespace or "", metadata["name"]) in self._objects:
            raise ExistsError(f"{metadata['name']} exists")
        if dry_run:
            return copy.deepcopy({**manifest, "metadata": metadata})
        return self.put(resource, {**manifest, "metadata": metadata})

    async def patch(
        self, resource: Resource, namespace: str, name: str, patch: Mapping[str, Any], *, subresource: str | None = None
    ) -> Object:
        self._request("patch", resource)
        stored = self._find(resource, namespace, name)
        version = patch.get("metadata", {}).get("resourceVersion")
        if version is not None and version != stored["metadata"]["resourceVersion"]:
            raise ConflictError(f"{name} was changed")
        kept = {key: stored[key] for key in stored if subresource and key != subresource}
        return self.put(resource, {**_merged(stored, patch), **kept})

    async def delete(self, resource: Resource, namespace: str, name: str, *, uid: str, **_: Any) -> None:
        self._request("delete", resource)
        found = self._objects.get((resource.plural, namespace, name))
        if found and found["metadata"]["uid"] == uid:
            del self._objects[resource.plural, namespace, name]

    async def ready(self) -> None:
        """The server is ready."""

    def _request(self, verb: str, resource: Resource) -> None:
        self.requests.append((verb, resource.plural))
        failures = self.failures.get((verb, resource.plural))
        if failures:
            raise failures.pop(0)

    def _find(self, resource: Resource, namespace: str | None, name: str) -> Object:
        try:
            return self._objects[resource.plural, namespace or "", name]
        except KeyError:
            raise NotFoundError(f"{resource.plural} {name} not found") from None


def _merged(target: Any, patch: Mapping[str, Any]) -> Object:
    """Apply a JSON merge patch (RFC 7386)."""
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = _merged(merged.get(key), value) if isinstance(value, Mapping) else value
    return merged


def _field(obj: Object, path: str) -> str:
    found: Any = obj
    for part in path.split("."):
        found = found.get(part, {}) if isinstance(found, dict) else {}
    return str(found)
