"""Webhooks as Alertmanager sends them, and receivers that take them."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import shutil
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
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

    async def send(self, *alerts: Any, token: str = "", body: bytes = b"", **headers: str) -> Answered:
        """Send a webhook with these alerts, or this body."""
        content = io.BytesIO(body or json.dumps(make_webhook(*alerts)).encode())
        given = {**headers, **({"Authorization": f"Bearer {token}"} if token else {})}
        async with (
            aiohttp.ClientSession(headers=given) as session,
            session.post(f"http://127.0.0.1:{self.port}/alerts", data=content) as answer,
        ):
            return Answered(answer.status, await answer.text(), dict(answer.headers))

    def count(self, name: str, **labels: str) -> float:
        """Return a metric's value: `name` without the prefix of the receiver's."""
        return self.metrics.registry.get_sample_value(f"kubernaut_receiver_{name}", labels) or 0.0


@asynccontextmanager
async def running_receiver(
    cluster: Cluster,
    registry: Registry | None = None,
    context: Callable[[], ssl.SSLContext] | None = None,
    **options: Any,
) -> AsyncIterator[RunningReceiver]:
    """Run a receiver during the block, with the identity of `cluster`; it has read the runbooks when the block begins."""
    given = ReceiverOptions(**{"address": "127.0.0.1", "port": 0, "probe_port": 0, **options})
    async with receiving(cluster, given, context, registry or Registry.discover()) as (port, metrics, store):
        await store.synced.wait()
        yield RunningReceiver(port, metrics)


@dataclass(frozen=True)
class RunningAlertmanager:
    """The real one, on loopback."""

    port: int
    link: str = LINK

    async def post(self, labels: dict[str, str], *, resolved: bool = False) -> None:
        """Send an alert to it, as Prometheus does."""
        now = datetime.now(UTC)
        times = {"endsAt": (now - timedelta(milliseconds=1)).isoformat()} if resolved else {}
        alert = {"labels": labels, "generatorURL": self.link, **times}
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"http://127.0.0.1:{self.port}/api/v2/alerts", json=[alert]) as answer,
        ):
            answer.raise_for_status()


@asynccontextmanager
async def running_alertmanager(folder: Path, configuration: str) -> AsyncIterator[RunningAlertmanager]:
    """Run Alertmanager with this configuration during the block."""
    program = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager") or ""
    (folder / "alertmanager.yaml").write_text(configuration, "utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    options = (
        f"--config.file={folder / 'alertmanager.yaml'}",
        f"--storage.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    )
    with (folder / "alertmanager.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(program, *options, stdout=log, stderr=log)
        try:
            await _ready(port, process)
            yield RunningAlertmanager(port)
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def _ready(port: int, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(20), aiohttp.ClientSession() as session:
        while process.returncode is None:
            with suppress(aiohttp.ClientError):
                async with session.get(f"http://127.0.0.1:{port}/-/ready") as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.05)
    raise AssertionError("Alertmanager ended before it was ready")
