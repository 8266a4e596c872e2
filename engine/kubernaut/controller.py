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
import time
from collections.abc import Callable
from typing import Any

from kubernaut.checks import Checks
from kubernaut.cluster import Cluster
from kubernaut.conclude import Concluder
from kubernaut.configure import configured
from kubernaut.errors import KubernautError, LeadershipLostError, NeverError, ThrottledError
from kubernaut.execution import Phase
from kubernaut.hardening import ANNOTATION_TARGET, LABEL_UID
from kubernaut.hooks import HookCaller
from kubernaut.informer import Informer, Key, Object, key_of
from kubernaut.leadership import Leadership
from kubernaut.ledger import Ledger
from kubernaut.logs import about
from kubernaut.metrics import Metrics, State
from kubernaut.outcome import condition
from kubernaut.pace import Pace
from kubernaut.pulls import Pulls
from kubernaut.queue import KeyQueue
from kubernaut.rbac import ENGINE_NAMESPACE
from kubernaut.reconcile import LookAgain, Reconciler
from kubernaut.recorder import Recorder, now
from kubernaut.registry import Registry
from kubernaut.reservations import Request, Reservations
from kubernaut.resources import EXECUTIONS, JOBS, PODS, Resource
from kubernaut.rights import Rights
from kubernaut.seen import (
    Caches,
    GonePods,
    execution_key,
    execution_of,
    is_job_of,
    trimmed_execution,
    trimmed_job,
    trimmed_pod,
    uid_of,
)
from kubernaut.settings import Settings
from kubernaut.sightings import carry
from kubernaut.start import Starter
from kubernaut.tracecontext import trace_context
from kubernaut.tracing import Tracing
from kubernaut.troubles import Troubles

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
        self._caches = self._watching(cluster)
        self.metrics = Metrics()
        self.metrics.expect([*registry.actions, *(registry.broken.keys() - registry.broken_policies), "unknown"])
        cluster.connection.observe = self.metrics.requested
        hooks = HookCaller(settings.hook_limit_seconds, self.metrics.hook)
        checks = Checks(registry, hooks, settings, Rights(cluster, settings.rights_cache_seconds))
        self._reservations = Reservations(settings.max_running)
        identity = f"{socket.gethostname()}-{secrets.token_hex(4)}"
        own_namespace = os.environ.get("POD_NAMESPACE") or ENGINE_NAMESPACE
        self._leadership = Leadership(cluster, settings.leader_election, own_namespace, identity)
        self._recorder = Recorder(cluster, self._caches.executions, identity)
        self._tracing = Tracing.from_environment(identity)
        self._ledger = Ledger(cluster, self._caches.executions, self.metrics, self._tracing, checks.named)
        self._reconcile = Reconciler(
            cluster=cluster,
            caches=self._caches,
            checks=checks,
            starter=Starter(
                cluster,
                self._caches,
                checks,
                hooks,
                self._reservations,
                self._pace,
                self._recorder,
                settings,
                self._ledger,
            ),
            concluder=Concluder(
                cluster, self._caches.jobs, checks, hooks, self._recorder, settings, self._ledger, Pulls(cluster)
            ),
            recorder=self._recorder,
            reservations=self._reservations,
            troubles=Troubles(cluster),
            wake=self._queue.add,
        )
        self.synced = asyncio.Event()
        """Set once every cache is filled."""
        self.ready = asyncio.Event()
        """Set once it leads and its workers are at work."""
        self.metrics.watch(self._state())
        for name, error in registry.broken.items():
            log.error("plugin %s is not available: %s", name, error)

    async def run(self) -> None:
        """Work until cancelled; raises LeadershipLostError when another engine has taken over."""
        informers = (self._caches.executions, self._caches.jobs, self._caches.pods)
        try:
            async with asyncio.TaskGroup() as tasks:
                for informer in informers:
                    tasks.create_task(informer.run(), name=f"informer-{informer.resource.plural}")
                for informer in informers:
                    await informer.synced.wait()
                self.synced.set()
                tasks.create_task(self._leadership.campaign(), name="leadership")
                await self._leadership.leading.wait()
                self._restore()
                for number in range(self._settings.workers):
                    tasks.create_task(self._work(), name=f"worker-{number}")
                tasks.create_task(self._ledger.tell_again(), name="tell-again")
                self.ready.set()
                log.info("engine ready: %d executions, %d jobs", len(self._caches.executions), len(self._caches.jobs))
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
        informers = (self._caches.executions, self._caches.jobs, self._caches.pods)
        return State(
            executions=lambda: self._caches.executions,
            running=lambda: self._reservations.running,
            queued=lambda: len(self._queue),
            longest_held=lambda: (self._queue.longest_held() or ("", 0.0))[1],
            oldest_queued=self._queue.oldest,
            leading=self._leadership.leading.is_set,
            watch_restarts=lambda: {informer.resource.plural: informer.restarts for informer in informers},
            lost=lambda: {"events": self._recorder.lost, "spans": self._tracing.lost},
            now=now,
        )

    def _watching(self, cluster: Cluster) -> Caches:
        def informer(
            resource: Resource, changed: Callable[[Object | None, Object | None], None], **more: Any
        ) -> Informer:
            return Informer(cluster, resource, changed, namespaces=self._settings.namespaces, **more)

        dependents = {"selector": LABEL_UID, "index": execution_of}
        return Caches(
            executions=informer(EXECUTIONS, self._execution_changed, trim=trimmed_execution),
            jobs=informer(JOBS, self._dependent_changed, trim=trimmed_job, **dependents),
            gone=GonePods(),
            pods=informer(PODS, self._pod_changed, trim=trimmed_pod, **dependents),
        )

    def _restore(self) -> None:
        """Give every Job that still runs its target back, before anything new can start."""
        for job in self._caches.jobs:
            execution = self._caches.executions.get(execution_key(job))
            if execution is None or not is_job_of(job, execution):
                continue
            status = execution.get("status", {})
            over = (
                condition(job, "Complete")
                or condition(job, "Failed")
                or Phase(status.get("phase", Phase.PENDING)).ended
            )
            if not over:
                metadata = job["metadata"]
                target = status.get("target") or metadata["annotations"].get(ANNOTATION_TARGET, "")
                target = f"{metadata['namespace']}/{target}"
                self._reservations.hold(Request(metadata["creationTimestamp"], uid_of(job), execution_key(job), target))

    def _execution_changed(self, old: Object | None, new: Object | None) -> None:
        if new is not None:
            carry(old, new, {"created": old is None, "cancel": bool(new["spec"].get("cancel"))})
            self._pace.note(new)
        self._queue.add(key_of(new or old or {}))

    def _dependent_changed(self, old: Object | None, new: Object | None) -> None:
        self._queue.add(execution_key(new or old or {}))

    def _pod_changed(self, old: Object | None, new: Object | None) -> None:
        if new is not None:
            carry(old, new, {"created": old is None, "scheduled": "nodeName" in new["spec"]})
        if new is None and old is not None:
            execution = self._caches.executions.get(execution_key(old))
            phase = (execution or {}).get("status", {}).get("phase", Phase.PENDING)
            if execution and not Phase(phase).ended:
                self._caches.gone.remember(old)
        self._dependent_changed(old, new)

    async def _work(self) -> None:
        while True:
            key = await self._queue.take()
            try:
                await self._once(key)
            finally:
                self._queue.done(key)

    async def _once(self, key: Key) -> None:
        """Reconcile one key; whatever it ends in, the key is looked at again when it should be."""
        began = time.perf_counter()
        obj = self._caches.executions.get(key)
        told = {"action": obj["spec"]["action"], "traceId": trace_context(obj).trace_id} if obj else {}
        with about(execution=str(key), **told):
            outcome = await self._looked_at(key)
        self.metrics.looked(outcome, time.perf_counter() - began)

    async def _looked_at(self, key: Key) -> str:
        """The look itself; returns how it came out: done, retry or fault."""
        try:
            outcome = await self._reconcile(key)
        except ThrottledError as error:
            self._queue.retry(key, error.retry_after)
            return "retry"
        except NeverError as error:
            delay = self._queue.retry(key, _DENIED_RETRY_SECONDS)
            log.error("execution %s: %s; looking again in %.0f s", key, error, delay)  # noqa: TRY400 - foreseen: no traceback
            return "retry"
        except KubernautError as error:
            log.info("execution %s: %s; looking again in %.1f s", key, error, self._queue.retry(key))
            return "retry"
        except Exception:
            log.exception("execution %s: a fault of the engine; looking again in %.1f s", key, self._queue.retry(key))
            return "fault"
        self._queue.forget(key)
        if isinstance(outcome, LookAgain):
            self._queue.add_after(key, outcome.seconds)
        return "done"
