"""The pytest plugin: what a plugin's tests find without importing anything.

Everything heavy is imported when a fixture is used, as pytest loads this wherever the engine is installed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from kubernaut.testing.workbench import Ended, Workbench


@pytest.fixture
def workbench() -> Iterator[Workbench]:
    """A fresh sandbox with the engine at work and every installed action granted in namespace `production`."""
    from kubernaut.testing.workbench import Workbench  # noqa: PLC0415 - heavy

    with Workbench() as bench:
        yield bench


@pytest.fixture
def run_action(workbench: Workbench) -> Callable[..., Ended]:
    """`run_action("scale", {"name": "web", "replicas": 3})`: creates the execution, waits for its end, and returns it."""
    return workbench.run
