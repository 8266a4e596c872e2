"""End to end, with actions that go wrong on purpose beside those that ship."""

from __future__ import annotations

from importlib.metadata import entry_points

import pytest

from kubernaut.registry import ACTIONS, POLICIES, Registry
from tests.support import trouble


@pytest.fixture(scope="session")
def registry() -> Registry:
    """What ships, and trouble."""
    return Registry.discover([*entry_points(group=ACTIONS), *entry_points(group=POLICIES), *trouble.entry_points()])
