"""Wires the engine together: watch → queue → reconcile → Job → result, with as many workers as the settings say.

It may be killed at any point: all it holds in memory follows from what the cluster holds, and is built anew at the next start.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket

from kubernaut.checks import Checks
from kubernaut.cluster import EXECUTIONS, JOBS, PODS, Cluster
from kubernaut.conclude import Concluder
from kubernaut.configure import configured
from kubernaut.errors import KubernautError, NeverError, ThrottledError
from kubernaut.execution import Phase
from kubernaut.hardening import ANNOTATION_TARGET, LABEL_UID
from kubernaut.hooks import HookCaller
from kubernaut.informer import Informer, Key, Object, key_of
from kubernaut.outcome import condition
from kubernaut.queue import KeyQueue
from kubernaut.reconcile import LookAgain, Reconciler
from kubernaut.recorder import Recorder
from kubernaut.registry import Registry
from kubernaut.reservations import Request, Reservations
from kubernaut.rights import Rights
from kubernaut.seen import Caches, GonePods, execution_key, execution_of, is_job_of, trimmed_job, trimmed_pod, uid_of
from kubernaut.settings import Settings
from kubernaut.start import Starter

log = logging.getLogger(__name__)

_SELECTOR = LABEL_UID
_DENIED_RETRY_SECONDS = 5.0


class Controller:
    """One running engine."""

    def __init__(self, cluster: Cluster, installed: Registry, settings: Settings) -> None:
        registry = configured(installed, settings)
        self._settings = settings
        self._queue: KeyQueue[Key] = KeyQueue()
        self._caches = Caches(
            executions=Informer(cluster, EXECUTIONS, self._execution_changed),
            jobs=Informer(
                cluster, JOBS, self._dependent_changed, selector=_SELECTOR, trim=trimmed_job, index=execution_of
            ),
            gone=GonePods(),
            pods=Informer(cluster, PODS, self._pod_changed, selector=_SELECTOR, trim=trimmed_pod, index=execution_of),
        )
        hooks = HookCaller(settings.hook_limit_seconds)
        checks = Checks(registry, hooks, settings, Rights(cluster, settings.rights_cache_seconds))
        self._reservations = Reservations(settings.max_running)
        self._recorder = Recorder(cluster, self._caches.executions, f"{socket.gethostname()}-{os.getpid()}")
        self._reconcile = Reconciler(
            cluster=cluster,
            caches=self._caches,
            checks=checks,
            starter=Starter(cluster, self._caches, checks, hooks, self._reservations, self._recorder, settings),
            concluder=Concluder(cluster, self._caches.jobs, checks, hooks, self._recorder, settings),
            recorder=self._recorder,
            reservations=self._reservations,
            wake=self._queue.add,
        )
        self.ready = asyncio.Event()
        """Set once every cache is filled and the workers are at work."""
        for name, error in registry.broken.items():
            log.error("plugin %s is not available: %s", name, error)

    async def run(self) -> None:
        """Work until cancelled."""
        informers = (self._caches.executions, self._caches.jobs, self._caches.pods)
        try:
            async with asyncio.TaskGroup() as tasks:
                for informer in informers:
                    tasks.create_task(informer.run(), name=f"informer-{informer.resource.plural}")
                for informer in informers:
                    await informer.synced.wait()
                self._restore()
                for number in range(self._settings.workers):
                    tasks.create_task(self._work(), name=f"worker-{number}")
                self.ready.set()
                log.info("engine ready: %d executions, %d jobs", len(self._caches.executions), len(self._caches.jobs))
        finally:
            self.ready.clear()
            self._queue.close()
            await self._recorder.finish()

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
        self._queue.add(key_of(new or old or {}))

    def _dependent_changed(self, old: Object | None, new: Object | None) -> None:
        self._queue.add(execution_key(new or old or {}))

    def _pod_changed(self, old: Object | None, new: Object | None) -> None:
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
        try:
            outcome = await self._reconcile(key)
        except ThrottledError as error:
            self._queue.retry(key, error.retry_after)
        except NeverError as error:
            delay = self._queue.retry(key, _DENIED_RETRY_SECONDS)
            log.error("execution %s: %s; looking again in %.0f s", key, error, delay)  # noqa: TRY400 - foreseen: no traceback
        except KubernautError as error:
            log.info("execution %s: %s; looking again in %.1f s", key, error, self._queue.retry(key))
        except Exception:
            log.exception("execution %s: a fault of the engine; looking again in %.1f s", key, self._queue.retry(key))
        else:
            self._queue.forget(key)
            if isinstance(outcome, LookAgain):
                self._queue.add_after(key, outcome.seconds)
