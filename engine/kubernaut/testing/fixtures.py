"""The pytest plugin: fixtures that need no import.

Heavy modules are imported when a fixture is used, as pytest loads this module wherever the engine is installed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from kubernaut.testing.workbench import Ended, Workbench


@pytest.fixture
def workbench() -> Iterator[Workbench]:
    """A fresh sandbox with a running engine, and every installed action granted in namespace `production`."""
    from kubernaut.testing.workbench import Workbench  # noqa: PLC0415 - see above

    with Workbench() as bench:
        yield bench


@pytest.fixture
def run_action(workbench: Workbench) -> Callable[..., Ended]:
    """`run_action("scale", {"name": "web", "replicas": 3})` creates the execution, waits for its end, and returns it."""
    return workbench.run
