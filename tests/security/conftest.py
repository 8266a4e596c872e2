"""Two namespaces, in one of which every action is granted, and clients for each ServiceAccount; no engine is running."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest

from kubernaut.install.manifests import installation
from kubernaut.install.rbac import ENGINE_ACCOUNT, ENGINE_NAMESPACE
from kubernaut.kube.client import Cluster
from kubernaut.plugins.registry import Registry
from kubernaut_sandbox import Sandbox
from tests.conformance.client import Client, connected
from tests.conformance.conftest import kubeconfig
from tests.support.site import apply


@dataclass(frozen=True)
class Ground:
    """The cluster and namespaces in which permissions are tested."""

    admin: Client
    granted: str
    """The namespace in which every action is granted."""
    other: str
    """A namespace in which no action is granted."""

    async def account(self, namespace: str, name: str) -> Client:
        """Return a client with a token of this ServiceAccount."""
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token"
        made = await self.admin.made(path, {"spec": {"expirationSeconds": 600}})
        return self.admin.with_token(made["status"]["token"])

    async def engine(self) -> Client:
        """Return a client with a token of the engine."""
        return await self.account(ENGINE_NAMESPACE, ENGINE_ACCOUNT)


@pytest.fixture
async def ground(request: pytest.FixtureRequest, registry: Registry) -> AsyncIterator[Ground]:
    """Prepare it on the sandbox or on the cluster of $KUBECONFIG; its namespaces are deleted afterwards."""
    granted, other = (f"rights-{secrets.token_hex(3)}" for _ in range(2))
    async with AsyncExitStack() as stack:
        if request.config.getoption("--cluster") == "sandbox":
            document = (await stack.enter_async_context(Sandbox())).kubeconfig()
        else:
            document = kubeconfig()
        async with await Cluster.connect(document) as cluster:
            spaces = [
                {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in (granted, other)
            ]
            for manifest in [*spaces, *installation(registry, [granted])]:
                await apply(cluster, manifest)
        admin = await stack.enter_async_context(connected(document))
        yield Ground(admin, granted, other)
        for name in (granted, other):
            await admin.delete(f"/api/v1/namespaces/{name}")
