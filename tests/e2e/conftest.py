"""End to end, with actions that go wrong on purpose beside those that ship."""

from __future__ import annotations

from importlib.metadata import entry_points

import pytest

from kubernaut.registry import ACTIONS, POLICIES, Registry
from kubernaut.settings import Settings
from tests.support import trouble
from tests.support.site import site_on


@pytest.fixture
def with_settings(request, registry):
    """A site whose engine has these settings: `async with with_settings(max_running=1) as site:`."""

    def make(**settings):
        options = request.config.option
        return site_on(options.cluster, options.image, registry, Settings(**settings))

    return make


@pytest.fixture(scope="session")
def registry() -> Registry:
    """What ships, and trouble."""
    return Registry.discover([*entry_points(group=ACTIONS), *entry_points(group=POLICIES), *trouble.entry_points()])
