"""Wires the engine together: watch → queue → reconcile → Job → result, with as many workers as the settings say.

A replica that does not lead keeps its caches filled, so that it can take over at once; only the leader has workers.

It may be killed at any point: all it holds in memory follows from what the cluster holds, and is built anew at the next start.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import socket

from kubernaut.admission.access_review import Rights
from kubernaut.admission.concurrency import Reservations
from kubernaut.admission.rate_limits import Pace
from kubernaut.admission.validation import Checks
from kubernaut.api.timestamps import now
from kubernaut.controller.completion import Concluder
from kubernaut.controller.diagnostics import Troubles
from kubernaut.controller.event_handlers import Watches
from kubernaut.controller.image_pulls import Pulls
from kubernaut.controller.reconciler import Reconciler
from kubernaut.controller.reporter import Ledger
from kubernaut.controller.start import Starter
from kubernaut.controller.status import Recorder
from kubernaut.controller.worker import Workers
from kubernaut.errors import LeadershipLostError
from kubernaut.install.rbac import ENGINE_NAMESPACE
from kubernaut.kube.client import Cluster
from kubernaut.kube.leader_election import Leadership
from kubernaut.kube.objects import Key
from kubernaut.kube.workqueue import KeyQueue
from kubernaut.plugins.hook_caller import HookCaller
from kubernaut.plugins.overrides import configured
from kubernaut.plugins.registry import Registry
from kubernaut.settings import Settings
from kubernaut.telemetry.collector import State
from kubernaut.telemetry.metrics import Metrics
from kubernaut.telemetry.tracing import Tracing

log = logging.getLogger(__name__)

_DENIED_RETRY_SECONDS = 5.0
_DRAIN_SECONDS = 4.0
_STUCK_SECONDS = 300.0
"""One look makes a dozen requests at most, each of which is given up after 30 s."""


class Controller:
    """One running engine."""

    def __init__(self, cluster: Cluster, installed: Registry, settings: Settings) -> None:
        registry = configured(installed, settings)
        self._settings = settings
        self._queue: KeyQueue[Key] = KeyQueue()
        self._pace = Pace(settings.budget, now)
        self._watches = Watches(cluster, settings.namespaces, self._pace, self._queue.add)
        executions = self._watches.caches.executions
        self._reservations = Reservations(settings.max_running)
        self.metrics = Metrics()
        self.metrics.expect([*registry.actions, *(registry.broken.keys() - registry.broken_policies), "unknown"])
        cluster.connection.observe = self.metrics.requested
        identity = f"{socket.gethostname()}-{secrets.token_hex(4)}"
        own_namespace = os.environ.get("POD_NAMESPACE") or ENGINE_NAMESPACE
        self._leadership = Leadership(cluster, settings.leader_election, own_namespace, identity)
        self._recorder = Recorder(cluster, executions, identity)
        self._tracing = Tracing.from_environment(identity)
        hooks = HookCaller(settings.hook_limit_seconds, self.metrics.hook)
        checks = Checks(registry, hooks, settings, Rights(cluster, settings.rights_cache_seconds))
        self._ledger = Ledger(cluster, executions, self.metrics, self._tracing, checks.named)
        self._workers = Workers(self._queue, executions, self._reconciler(cluster, checks, hooks), self.metrics.looked)
        self.synced = asyncio.Event()
        """Set once every cache is filled."""
        self.ready = asyncio.Event()
        """Set once it leads and its workers are at work."""
        self.metrics.watch(self._state())
        for name, error in registry.broken.items():
            log.error("plugin %s is not available: %s", name, error)

    def _reconciler(self, cluster: Cluster, checks: Checks, hooks: HookCaller) -> Reconciler:
        caches, settings, recorder, ledger = self._watches.caches, self._settings, self._recorder, self._ledger
        return Reconciler(
            cluster=cluster,
            caches=caches,
            checks=checks,
            starter=Starter(cluster, caches, checks, hooks, self._reservations, self._pace, recorder, settings, ledger),
            concluder=Concluder(cluster, caches.jobs, checks, hooks, recorder, settings, ledger, Pulls(cluster)),
            recorder=recorder,
            reservations=self._reservations,
            troubles=Troubles(cluster),
            wake=self._queue.add,
        )

    async def run(self) -> None:
        """Work until cancelled; raises LeadershipLostError when another engine has taken over."""
        informers = self._watches.informers
        try:
            async with asyncio.TaskGroup() as tasks:
                for informer in informers:
                    tasks.create_task(informer.run(), name=f"informer-{informer.resource.plural}")
                for informer in informers:
                    await informer.synced.wait()
                self.synced.set()
                tasks.create_task(self._leadership.campaign(), name="leadership")
                await self._leadership.leading.wait()
                for request in self._watches.unfinished():
                    self._reservations.hold(request)
                for number in range(self._settings.workers):
                    tasks.create_task(self._workers.work(), name=f"worker-{number}")
                tasks.create_task(self._ledger.tell_again(), name="tell-again")
                self.ready.set()
                log.info("engine ready: %d executions, %d jobs", *map(len, informers[:2]))
        except* LeadershipLostError as lost:
            raise lost.exceptions[0] from None
        finally:
            self.ready.clear()
            self._queue.close()
            await self._recorder.finish()
            await self._leadership.release()
            self._tracing.close()

    async def drain(self) -> None:
        """Begin nothing more, and let what is being looked at be finished; then `run` may be cancelled."""
        await self._queue.drain(_DRAIN_SECONDS)

    def stuck(self) -> str:
        """What has been in a worker's hands for longer than any look can take, or ""."""
        held = self._queue.longest_held()
        if held is None or held[1] < _STUCK_SECONDS:
            return ""
        return f"execution {held[0]} has been looked at for {held[1]:.0f} s"

    def _state(self) -> State:
        """What metrics read at each scrape."""
        return State(
            executions=lambda: self._watches.caches.executions,
            running=lambda: self._reservations.running,
            queued=lambda: len(self._queue),
            longest_held=lambda: (self._queue.longest_held() or ("", 0.0))[1],
            oldest_queued=self._queue.oldest,
            leading=self._leadership.leading.is_set,
            watch_restarts=lambda: {
                informer.resource.plural: informer.restarts for informer in self._watches.informers
            },
            lost=lambda: {"events": self._recorder.lost, "spans": self._tracing.lost},
            now=now,
        )
