"""The admission policies, installed on the sandbox for each test, or on the cluster of $KUBECONFIG while all of these tests run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from kubernaut.settings import Settings
from kubernaut_sandbox import Sandbox
from tests.conformance.client import Client, connected
from tests.conformance.conftest import image, kubeconfig, namespace  # noqa: F401 - fixtures
from tests.deploy.admission.installation import POLICED, grant_everything, policies_installed, wait_for_policies
from tests.deploy.admission.requests import SHIPPED
from tests.support.rendering import CONFIGURATION
from tests.support.site import NAMESPACES, Site, site_on


@pytest.fixture(scope="session", autouse=True)
def on_a_real_cluster(request: pytest.FixtureRequest) -> Iterator[bool]:
    """Install the policies on the cluster of $KUBECONFIG, if these tests run there."""
    if request.config.getoption("--cluster") == "sandbox":
        yield False
        return
    installed, finished = asyncio.Event(), asyncio.Event()
    runner = asyncio.Runner()

    async def hold() -> None:
        async with connected(kubeconfig()) as client, policies_installed(client):
            installed.set()
            await finished.wait()

    async def start() -> asyncio.Task[None]:
        holding = asyncio.create_task(hold())
        waiting = asyncio.create_task(installed.wait())
        await asyncio.wait({holding, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if holding.done():
            holding.result()
        return holding

    async def stop(holding: asyncio.Task[None]) -> None:
        finished.set()
        await holding

    with runner:
        task = runner.run(start())
        try:
            yield True
        finally:
            runner.run(stop(task))


@pytest.fixture
async def cluster(on_a_real_cluster: bool) -> AsyncIterator[Client]:
    """Return a client with every permission, on a cluster with all policies."""
    if on_a_real_cluster:
        async with connected(kubeconfig()) as client:
            yield client
        return
    async with Sandbox() as sandbox, connected(sandbox.kubeconfig()) as client, policies_installed(client):
        yield client


@pytest.fixture
async def place(cluster: Client, namespace: str) -> str:  # noqa: F811 - the fixture
    """Return a namespace that the policies apply to, in which RBAC allows everything that these tests try."""
    assert (await cluster.patch(f"/api/v1/namespaces/{namespace}", POLICED)).code == 200
    await grant_everything(cluster, namespace)
    await wait_for_policies(cluster, namespace)
    for account in ("configmap-patcher", "deployment-scaler"):
        await cluster.made(f"/api/v1/namespaces/{namespace}/serviceaccounts", {"metadata": {"name": account}})
    return namespace


@pytest.fixture
async def site(request: pytest.FixtureRequest, on_a_real_cluster: bool) -> AsyncIterator[Site]:
    """Return a site with a running engine, under all policies."""
    options, settings = request.config.option, Settings.model_validate(CONFIGURATION)
    async with site_on(options.cluster, options.image, SHIPPED, settings) as made:
        if on_a_real_cluster:
            await made.cluster.patch(NAMESPACES, "", made.namespace, POLICED)
        yield made
