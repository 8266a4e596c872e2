"""What all tests share: which cluster they run on, and the plugins installed beside them."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator
from typing import get_args

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
        "--rehearsals",
        choices=("turns", "both"),
        default="turns",
        help="where dry runs take place: each test in one of the two places (default), or in both",
    )
    parser.addoption(
        "--image",
        default="kubernaut-engine:latest",
        help="on a real cluster: an image with Python, the engine and its plugins",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test with its dry run in one of the two places, or in both; tests take turns.

    A module in which the place makes no difference names one, as `REHEARSALS`.
    """
    own = [mark for mark in metafunc.definition.iter_markers("parametrize") if "rehearsal" in mark.args[0]]
    if own or "rehearsal" not in metafunc.fixturenames:
        return
    places = list(getattr(metafunc.module, "REHEARSALS", get_args(Rehearsal)))
    if metafunc.config.getoption("rehearsals") == "turns":
        turn = zlib.crc32(f"{metafunc.module.__name__}.{metafunc.function.__name__}".encode())
        places = [places[turn % len(places)]]
    metafunc.parametrize("rehearsal", places, indirect=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Spread the long tests of faults among the others, so that no worker is left alone with them at the end."""
    if not hasattr(config, "workerinput"):
        return
    long = [item for item in items if "tests/faults/" in item.nodeid]
    others = [item for item in items if "tests/faults/" not in item.nodeid]
    every = len(others) // (len(long) + 1) or 1
    for number, item in enumerate(long):
        others.insert(number * (every + 1), item)
    items[:] = others


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
