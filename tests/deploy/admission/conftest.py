"""The admission policies on the cluster of $KUBECONFIG, installed while these tests run; without a real cluster they are skipped."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator

import pytest

from kubernaut.settings import Settings
from tests.conformance.client import Client, connected
from tests.conformance.conftest import image, kubeconfig, namespace  # noqa: F401 - fixtures
from tests.deploy.admission.installation import POLICED, grant_everything, policies_installed, wait_for_policies
from tests.deploy.admission.requests import SHIPPED
from tests.support.rendering import CONFIGURATION
from tests.support.site import NAMESPACES, Site, site_on


@pytest.fixture(scope="session", autouse=True)
def policies(request: pytest.FixtureRequest) -> Iterator[None]:
    """Install the policies."""
    if request.config.getoption("--cluster") != "kubeconfig":
        pytest.skip("only a real cluster evaluates admission policies: --cluster=kubeconfig")
    if not shutil.which("kubectl"):
        pytest.skip("kubectl is not installed, and nothing else builds a kustomization as it does")
    with policies_installed():
        yield


@pytest.fixture
async def cluster(policies: None) -> AsyncIterator[Client]:
    """Return a client with every permission."""
    async with connected(kubeconfig()) as client:
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
async def site(request: pytest.FixtureRequest, policies: None) -> AsyncIterator[Site]:
    """Return a site with a running engine, under all policies."""
    settings = Settings.model_validate(CONFIGURATION)
    async with site_on("kubeconfig", request.config.getoption("--image"), SHIPPED, settings) as made:
        await made.cluster.patch(NAMESPACES, "", made.namespace, POLICED)
        yield made
