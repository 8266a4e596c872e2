"""The pytest plugin: fixtures that need no import.

Heavy modules are imported when a fixture is used, as pytest loads this module wherever the engine is installed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pytest_httpserver import HTTPServer

    from kubernaut.testing.workbench import Ended, Workbench


@pytest.fixture
def action_settings() -> Mapping[str, Mapping[str, Any]]:
    """The settings of actions on the `workbench`, by name; define a fixture of this name to give some: `{"scale": {"max_replicas": 5}}`."""
    return {}


@pytest.fixture
def workbench(action_settings: Mapping[str, Mapping[str, Any]]) -> Iterator[Workbench]:
    """A fresh sandbox with a running engine, and every installed action granted in namespace `production`."""
    from kubernaut.testing.workbench import Workbench  # noqa: PLC0415 - see above

    with Workbench(settings=action_settings) as bench:
        yield bench


@pytest.fixture
def http_server() -> Iterator[HTTPServer]:
    """A server on loopback for the time of a test, of pytest-httpserver: `http_server.expect_request("/x").respond_with_json({})`."""
    try:
        from pytest_httpserver import HTTPServer  # noqa: PLC0415 - see above
    except ImportError:
        pytest.fail("the fixture http_server needs pytest-httpserver: pip install pytest-httpserver")
    with HTTPServer() as server:
        yield server


@pytest.fixture
def run_action(workbench: Workbench) -> Callable[..., Ended]:
    """`run_action("scale", {"name": "web", "replicas": 3})` creates the execution, waits for its end, and returns it."""
    return workbench.run
