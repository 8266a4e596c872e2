"""The controller on a fake cluster, for what is admitted."""

from __future__ import annotations

import pytest

from kubernaut.plugins.registry import Registry
from tests.support.controller import Ground


@pytest.fixture
def ground(registry: Registry) -> Ground:
    """A namespace where `scale` is granted."""
    return Ground(registry)
