"""A delivery on a cluster in memory, at a fixed time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from kubernaut.kube.objects import RUNBOOKS
from kubernaut.plugins.registry import Registry
from kubernaut.receiver.decisions import Decision
from kubernaut.receiver.delivery import Delivery
from kubernaut.receiver.firing import Sender
from kubernaut.receiver.rate_limits import RateLimits
from kubernaut.receiver.runbook_store import RunbookStore
from kubernaut.receiver.webhook import Alert, Webhook
from tests.support.alertmanager import make_alert
from tests.support.fake_client import FakeClient
from tests.support.runbooks import make_runbook, make_step

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
RULE = {"match": {"alertname": "Slow"}, "arguments": {"app": "$(labels.deployment)"}, "mode": "execute"}
GROW = make_runbook(
    make_step("grow", parameters={"name": "$(params.app)", "replicas": 3}),
    make_step("shrink", "grow=Failed", undoes="grow"),
    name="grow",
    parameters={"app": {}},
    alerts=[RULE],
)


@dataclass
class Bench:
    """What a test of decisions needs."""

    cluster: FakeClient
    clock: list[float] = field(default_factory=lambda: [0.0])
    limits: RateLimits = field(init=False)
    delivery: Delivery = field(init=False)

    def __post_init__(self) -> None:
        self.limit(60, 300)

    def limit(self, per_namespace: int, in_all: int) -> None:
        """Set the rate limits."""
        self.limits = RateLimits(per_namespace, in_all, lambda: self.clock[0])
        store = RunbookStore(self.cluster)  # type: ignore[arg-type]
        for runbook in self.cluster.all(RUNBOOKS):
            store._informer.accept(runbook)
        self.delivery = Delivery(store, self.limits, Registry.discover(), lambda: NOW)

    async def decide(self, *alerts: Any, seconds: float = 60.0) -> list[Decision]:
        """Return the decisions about these alerts."""
        read = tuple(alert if not isinstance(alert, dict) else Alert.model_validate(alert) for alert in alerts)
        deadline = asyncio.get_running_loop().time() + seconds
        sender = Sender(self.cluster, self.cluster.user)  # type: ignore[arg-type]
        return [one async for one in self.delivery.decide(Webhook(read, 0), sender, deadline)]


@pytest.fixture
def bench() -> Callable[..., Bench]:
    """Return a function for a bench with these runbooks in the namespace `production`, by default one."""

    def make(*runbooks: dict[str, Any], cluster: FakeClient | None = None) -> Bench:
        found = cluster or FakeClient()
        for runbook in runbooks or (GROW,):
            metadata = {"namespace": "production", "generation": 1, **runbook["metadata"]}
            found.put(RUNBOOKS, {**runbook, "metadata": metadata})
        return Bench(found)

    return make


def slow(**labels: Any) -> dict[str, Any]:
    """Return an alert that the runbook asks for."""
    return make_alert(started=NOW, **{"deployment": "web", **labels})
