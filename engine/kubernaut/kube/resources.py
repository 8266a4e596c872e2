"""The kinds of object that the engine asks for, and where the API server has them."""

from __future__ import annotations

from dataclasses import dataclass

from kubernaut.api.execution import GROUP, PLURAL, VERSION


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind of object, as its REST path names it."""

    root: str
    plural: str

    def path(self, namespace: str | None = None, name: str | None = None, subresource: str | None = None) -> str:
        """The path of the collection, an object, or its subresource."""
        parts = [self.root, *(["namespaces", namespace] if namespace else []), self.plural, name, subresource]
        return "/".join(part for part in parts if part)


EXECUTIONS = Resource(f"/apis/{GROUP}/{VERSION}", PLURAL)
JOBS = Resource("/apis/batch/v1", "jobs")
PODS = Resource("/api/v1", "pods")
EVENTS = Resource("/api/v1", "events")
SERVICE_ACCOUNTS = Resource("/api/v1", "serviceaccounts")
ACCESS_REVIEWS = Resource("/apis/authorization.k8s.io/v1", "localsubjectaccessreviews")
SELF_REVIEWS = Resource("/apis/authentication.k8s.io/v1", "selfsubjectreviews")
LEASES = Resource("/apis/coordination.k8s.io/v1", "leases")


def resource_of(kind: str) -> Resource:
    """From `apps/v1/deployments` or `v1/configmaps` to where the API server has them."""
    root, _, plural = kind.rpartition("/")
    return Resource(f"/apis/{root}" if "/" in root else f"/api/{root}", plural)
