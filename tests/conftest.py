"""What all tests share: which cluster they run on, and the plugins installed beside them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from kubernaut.api.steps import Rehearsal
from kubernaut.plugins.registry import Registry
from kubernaut.settings import Settings
from tests.support.site import Site, site_on


def pytest_addoption(parser: pytest.Parser) -> None:
    """Which cluster: the embedded one, or the one of $KUBECONFIG."""
    parser.addoption(
        "--cluster",
        choices=("sandbox", "kubeconfig"),
        default="sandbox",
        help="sandbox (default) or the cluster of $KUBECONFIG",
    )
    parser.addoption(
        "--image",
        default="kubernaut-engine:latest",
        help="on a real cluster: an image with Python, the engine and its plugins",
    )


@pytest.fixture(scope="session")
def registry() -> Registry:
    """Return the plugins that are installed beside the tests: the ones that ship."""
    found = Registry.discover()
    assert found.actions, "no plugin is installed, so tests that loop over actions would check nothing"
    return found


@pytest.fixture
def rehearsal(request: pytest.FixtureRequest) -> Rehearsal:
    """Return where dry runs take place; folders whose tests hold for both places run them in each."""
    place: Rehearsal = getattr(request, "param", "initContainer")
    return place


@pytest.fixture
async def site(request: pytest.FixtureRequest, registry: Registry, rehearsal: Rehearsal) -> AsyncIterator[Site]:
    """A namespace to act in, with the engine at work.

    On the sandbox it has the admission policies, unless the test is marked `without_admission`.
    """
    options, admission = request.config.option, request.node.get_closest_marker("without_admission") is None
    settings = Settings(rehearsal=rehearsal)
    async with site_on(options.cluster, options.image, registry, settings, admission=admission) as made:
        yield made
