"""Webhooks as Alertmanager sends them, and receivers that take them."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp

from kubernaut.kube.client import Cluster
from kubernaut.plugins.registry import Registry
from kubernaut.receiver.metrics import ReceiverMetrics
from kubernaut.receiver.process import ReceiverOptions, receiving

LINK = "https://prometheus.example/graph?g0.expr=up"


def fingerprint(labels: dict[str, str]) -> str:
    """Return a fingerprint that looks like Alertmanager's, and follows from the labels as well."""
    return hashlib.sha256(repr(sorted(labels.items())).encode()).hexdigest()[:16]


def make_alert(*, started: datetime | None = None, ended: datetime | None = None, **labels: str) -> dict[str, Any]:
    """Return an alert of a webhook: one that fires, or with `ended` one that is resolved."""
    given = {"alertname": "Slow", "namespace": "production", **labels}
    begun = started or datetime.now(UTC) - timedelta(minutes=5)
    return {
        "status": "resolved" if ended else "firing",
        "labels": given,
        "annotations": {"summary": "It is slow."},
        "startsAt": begun.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "endsAt": ended.isoformat().replace("+00:00", "Z") if ended else "0001-01-01T00:00:00Z",
        "generatorURL": LINK,
        "fingerprint": fingerprint(given),
    }


def make_webhook(*alerts: Any, version: str = "4", **fields: Any) -> dict[str, Any]:
    """Return a webhook with these alerts."""
    firing = any(isinstance(alert, dict) and alert.get("status") == "firing" for alert in alerts)
    return {
        "version": version,
        "groupKey": '{}:{alertname="Slow"}',
        "truncatedAlerts": 0,
        "status": "firing" if firing else "resolved",
        "receiver": "kubernaut",
        "groupLabels": {"alertname": "Slow"},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager.example",
        "alerts": list(alerts),
        **fields,
    }


@dataclass(frozen=True)
class Answered:
    """What a receiver answered."""

    code: int
    text: str
    headers: dict[str, str]


@dataclass(frozen=True)
class RunningReceiver:
    """A receiver on loopback, over plain HTTP."""

    port: int
    metrics: ReceiverMetrics

    async def send(self, *alerts: Any, token: str = "", webhook: Any = None) -> Answered:
        """Send a webhook with these alerts, or this one."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.post(f"http://127.0.0.1:{self.port}/alerts", json=webhook or make_webhook(*alerts)) as answer,
        ):
            return Answered(answer.status, await answer.text(), dict(answer.headers))

    def count(self, name: str, **labels: str) -> float:
        """Return a metric's value: `name` without the prefix of the receiver's."""
        return self.metrics.registry.get_sample_value(f"kubernaut_receiver_{name}", labels) or 0.0


@asynccontextmanager
async def running_receiver(
    cluster: Cluster, registry: Registry | None = None, **options: Any
) -> AsyncIterator[RunningReceiver]:
    """Run a receiver during the block, with the identity of `cluster`; it has read the runbooks when the block begins."""
    given = ReceiverOptions(**{"address": "127.0.0.1", "port": 0, "probe_port": 0, **options})
    async with receiving(cluster, given, None, registry or Registry.discover()) as (port, metrics, store):
        await store.synced.wait()
        yield RunningReceiver(port, metrics)
