"""The fake cluster as the command line uses it: whole lists by label, logs, and the name of the current user."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, Self

from kubernaut.kube.answers import Page
from kubernaut.kube.objects import PODS, Resource
from tests.support.fake_cluster import FakeCluster, Object


class FakeClient(FakeCluster):
    """A cluster as one user sees it, in the context's namespace `default`."""

    namespace = "default"

    def __init__(self, *objects: tuple[Resource, Object], user: str = "anna") -> None:
        super().__init__(*objects)
        self.user = user
        self.logs: dict[tuple[str, str], list[str]] = {}
        """By pod and container."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """There is no connection to close."""

    async def list(
        self, resource: Resource, namespace: str | None = None, *, selector: str = "", fields: str = "", **_: Any
    ) -> Page:
        found = (await super().list(resource, namespace, fields=fields)).items
        wanted = dict(part.split("=", 1) for part in selector.split(",") if part)
        return Page([obj for obj in found if wanted.items() <= obj["metadata"].get("labels", {}).items()], "1", "")

    async def create(
        self, resource: Resource, namespace: str | None, manifest: Mapping[str, Any], *, dry_run: bool = False
    ) -> Object:
        if resource.plural != "selfsubjectreviews":
            return await super().create(resource, namespace, manifest, dry_run=dry_run)
        self._request("create", resource)
        return {"status": {"userInfo": {"username": self.user}}}

    async def log_lines(self, namespace: str, pod: str, container: str, *, follow: bool = False) -> AsyncIterator[str]:
        self._request("log", PODS)
        for line in self.logs.get((pod, container), []):
            yield line
