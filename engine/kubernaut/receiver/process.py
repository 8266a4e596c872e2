"""The receiver as a process of its own: connected, served and stopped as `kubernaut receiver` does it."""

from __future__ import annotations

import asyncio
import logging
import signal
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from aiohttp import web

from kubernaut.api.timestamps import now
from kubernaut.controller.health import metrics_page, probe, serve_probes
from kubernaut.errors import InputError
from kubernaut.kube.client import Cluster
from kubernaut.plugins.registry import Registry
from kubernaut.receiver.delivery import Delivery
from kubernaut.receiver.metrics import ReceiverMetrics
from kubernaut.receiver.rate_limits import RateLimits
from kubernaut.receiver.receiver import Receiver
from kubernaut.receiver.runbook_store import RunbookStore
from kubernaut.receiver.server import serve_webhooks

log = logging.getLogger(__name__)

DEFAULT_RATE, DEFAULT_NAMESPACE_RATE = 300, 60
"""Executions a minute, in all and in one namespace."""


@dataclass(frozen=True, slots=True)
class ReceiverOptions:
    """What the command line gives."""

    address: str = "0.0.0.0"  # noqa: S104 - a pod is reached at its own address
    port: int = 8443
    probe_port: int = 8080
    namespaces: Sequence[str] = ()
    """Whose runbooks; empty for all."""
    rate: int = DEFAULT_RATE
    namespace_rate: int = DEFAULT_NAMESPACE_RATE


@asynccontextmanager
async def receiving(
    cluster: Cluster, options: ReceiverOptions, context: Callable[[], ssl.SSLContext] | None, registry: Registry
) -> AsyncIterator[tuple[int, ReceiverMetrics, RunbookStore]]:
    """Serve during the block, with `cluster` as the receiver's own identity; yield the port of the webhooks.

    Raises InputError when a port cannot be opened, or the API server is reached without TLS: no token is sent there.
    """
    config = cluster.connection.config
    if config.endpoint.tls is None:
        raise InputError(f"the API server {cluster.host} is reached without TLS, and tokens are sent there: use https")
    metrics, store = ReceiverMetrics(), RunbookStore(cluster, options.namespaces)
    limits = RateLimits(options.namespace_rate, options.rate, asyncio.get_running_loop().time)
    receiver = Receiver(config, Delivery(store, limits, registry, now), metrics)
    watching = asyncio.create_task(store.run())
    try:
        async with (
            serve_probes(_probes(store, metrics), options.probe_port, "--probe-port"),
            serve_webhooks(receiver, metrics, options.address, options.port, context) as port,
        ):
            yield port, metrics, store
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


async def run_receiver(
    cluster: Cluster, options: ReceiverOptions, context: Callable[[], ssl.SSLContext] | None
) -> None:
    """Serve until SIGTERM or ctrl-c, then finish the webhooks in progress."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with cluster, receiving(cluster, options, context, Registry.discover()) as (port, _, store):
        waiting = asyncio.create_task(stopped.wait())
        synced = asyncio.create_task(store.synced.wait())
        await asyncio.wait({waiting, synced}, return_when=asyncio.FIRST_COMPLETED)
        if store.synced.is_set():
            scheme = "https" if context else "http, in which tokens can be read on their way"
            log.info("receiver ready: webhooks on port %d over %s", port, scheme)
        await waiting
        synced.cancel()
        log.info("stopping: the webhooks in progress are finished first")


def _probes(store: RunbookStore, metrics: ReceiverMetrics) -> web.Application:
    def synced() -> str:
        return "" if store.synced.is_set() else "the runbooks are not read yet"

    application = web.Application()
    application.router.add_get("/livez", probe(lambda: ""))
    application.router.add_get("/readyz", probe(synced))
    application.router.add_get("/startupz", probe(synced))
    application.router.add_get("/metrics", metrics_page(metrics.exposition))
    return application
