"""The engine as a whole: how it starts, how it stops, and when it counts as stuck."""

import asyncio

import pytest

from kubernaut.controller.manager import Manager
from kubernaut.errors import PluginLoadError
from kubernaut.plugins.registry import Registry
from kubernaut.settings import Settings
from kubernaut.telemetry.metrics import Metrics
from tests.support.fake_cluster import FakeCluster


@pytest.fixture
def manager(registry):
    return Manager(FakeCluster(), registry, Settings(), Metrics())


async def test_a_plugin_that_is_not_available_is_logged_at_the_start(caplog):
    Manager(FakeCluster(), Registry(broken={"bad": PluginLoadError("plugin bad: no module x")}), Settings(), Metrics())
    assert "plugin bad is not available: plugin bad: no module x" in caplog.text


async def test_it_is_stuck_only_after_a_reconcile_took_longer_than_any_can(manager, monkeypatch):
    assert manager.stuck() == ""
    monkeypatch.setattr(manager._queue, "longest_running", lambda: ("n/a", 299.0))
    assert manager.stuck() == ""
    monkeypatch.setattr(manager._queue, "longest_running", lambda: ("n/a", 301.0))
    assert manager.stuck() == "execution n/a has been reconciled for 301 s"


async def test_every_action_has_its_series_before_anything_happens(manager):
    exposition = manager.metrics.exposition()[0].decode()
    assert 'kubernaut_executions_total{action="scale",phase="Failed",reason="Lost"} 0.0' in exposition
    assert "kubernaut_workqueue_depth 0.0" in exposition
    assert "kubernaut_leader 0.0" in exposition


async def test_draining_waits_for_what_is_being_reconciled(manager):
    manager._queue.add("a")
    await manager._queue.take()
    draining = asyncio.create_task(manager.drain())
    await asyncio.sleep(0)
    assert not draining.done()
    manager._queue.done("a")
    await asyncio.wait_for(draining, 1)
