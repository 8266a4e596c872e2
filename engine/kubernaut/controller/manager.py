"""Wires the engine together: watch → queue → reconcile → Job → result, with as many workers as the settings say.

A replica that does not lead keeps its caches filled, so that it can take over at once; only the leader has workers.

It may be killed at any point: all that it holds in memory follows from what the cluster holds, and is rebuilt at the next start.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import socket

from kubernaut.admission.access_review import AccessReviewer
from kubernaut.admission.admission import Admission
from kubernaut.admission.concurrency import Reservations
from kubernaut.admission.plans import PlanChecker
from kubernaut.admission.policies import PolicyChecker
from kubernaut.admission.rate_limits import RateLimiter
from kubernaut.admission.undoing import Undoing
from kubernaut.admission.validation import Validator
from kubernaut.api.timestamps import now
from kubernaut.controller.attempt_reader import AttemptReader
from kubernaut.controller.cleanup import Cleaner
from kubernaut.controller.completion import CompletionWriter
from kubernaut.controller.diagnostics import Diagnostics
from kubernaut.controller.event_handlers import EventHandlers
from kubernaut.controller.events import EventRecorder
from kubernaut.controller.job_control import JobControl
from kubernaut.controller.launcher import Launcher
from kubernaut.controller.monitor import JobMonitor
from kubernaut.controller.plans import Plans
from kubernaut.controller.pod_reader import PodReader
from kubernaut.controller.reconciler import Reconciler
from kubernaut.controller.reporter import ExecutionReporter
from kubernaut.controller.rescue import Rescuer
from kubernaut.controller.rollbacks import RollbackFinder
from kubernaut.controller.starter import Starter
from kubernaut.controller.status import StatusWriter
from kubernaut.controller.worker import Worker
from kubernaut.errors import LeadershipLostError
from kubernaut.install.rbac import ENGINE_NAMESPACE
from kubernaut.kube.client import Cluster
from kubernaut.kube.leader_election import LeaderElector
from kubernaut.kube.objects import Key
from kubernaut.kube.workqueue import WorkQueue
from kubernaut.plugins.hook_caller import HookCaller
from kubernaut.plugins.overrides import apply_settings
from kubernaut.plugins.registry import Registry
from kubernaut.settings import Settings
from kubernaut.telemetry.collector import EngineState
from kubernaut.telemetry.metrics import Metrics
from kubernaut.telemetry.tracing import Tracing

log = logging.getLogger(__name__)

_DRAIN_SECONDS = 4.0
_STUCK_SECONDS = 300.0
"""A reconcile makes a dozen requests at most, each of which is given up after 30 s."""


class Manager:
    """One running engine."""

    def __init__(self, cluster: Cluster, installed: Registry, settings: Settings, metrics: Metrics) -> None:
        """Prepare an engine with the installed plugins; `metrics` is also what observes the cluster's requests."""
        registry = apply_settings(installed, settings)
        identity = f"{socket.gethostname()}-{secrets.token_hex(4)}"
        self.metrics = metrics
        self._cluster, self._settings = cluster, settings
        self._queue: WorkQueue[Key] = WorkQueue()
        self._reservations = Reservations(settings.max_running)
        self._rate_limiter = RateLimiter(settings.budget, now)
        self._handlers = EventHandlers(cluster, settings.namespaces, self._rate_limiter, self._queue.add)
        self._caches = self._handlers.caches
        self._events = EventRecorder(cluster, identity)
        self._tracing = Tracing.from_environment(identity)
        self._reporter = ExecutionReporter(self._caches, self._events, metrics, self._tracing, registry.metric_label)
        namespace = os.environ.get("POD_NAMESPACE") or ENGINE_NAMESPACE
        self._elector = LeaderElector(cluster, settings.leader_election, namespace, identity)
        hooks = HookCaller(settings.hook_limit_seconds, metrics.observe_hook)
        self._admission = self._build_admission(registry, hooks)
        reconciler, rescuer = self._build_reconciler(hooks)
        self._worker = Worker(
            self._queue, self._caches, reconciler.reconcile, metrics.observe_reconcile, rescuer.give_up
        )
        self.synced = asyncio.Event()
        """Set once every cache is filled."""
        self.ready = asyncio.Event()
        """Set once it leads and its workers are running."""
        metrics.initialise_series([*registry.actions, *(registry.broken.keys() - registry.broken_policies), "unknown"])
        metrics.register_state(self._state())
        for name, error in registry.broken.items():
            log.error("plugin %s is not available: %s", name, error)

    def _build_admission(self, registry: Registry, hooks: HookCaller) -> Admission:
        policies = PolicyChecker(registry, hooks, self._cluster)
        access = AccessReviewer(self._cluster, self._settings.rights_cache_seconds)
        plans = PlanChecker(self._cluster, self._settings.plans.max_age_seconds, now)
        validator = Validator(registry, hooks, self._settings.image, policies, access, plans, Undoing(self._cluster))
        return Admission(
            validator, self._rate_limiter, self._reservations, self._handlers.predecessors, self._queue.add
        )

    def _build_reconciler(self, hooks: HookCaller) -> tuple[Reconciler, Rescuer]:
        cluster, settings, admission = self._cluster, self._settings, self._admission
        jobs = JobControl(cluster, self._caches.jobs)
        status, diagnostics = StatusWriter(cluster, self._caches.executions), Diagnostics(cluster)
        plans, rollbacks = Plans(cluster, admission, hooks, status), RollbackFinder(admission, hooks)
        completion = CompletionWriter(status, self._reporter, admission, rollbacks, diagnostics, plans)
        launcher = Launcher(hooks, jobs, settings.quota_retry_seconds, settings.job_backstop_seconds)
        reconciler = Reconciler(
            self._caches,
            Starter(admission, launcher, status, self._reporter, completion, plans),
            JobMonitor(jobs, PodReader(cluster), status, completion, diagnostics, AttemptReader(admission)),
            Cleaner(cluster, jobs, admission, self._caches.deleted_pods, settings.job_ttl_seconds),
        )
        return reconciler, Rescuer(self._caches, jobs, status, self._reporter, admission)

    async def run(self) -> None:
        """Work until cancelled. Raises LeadershipLostError when another engine has taken over."""
        informers = self._handlers.informers
        try:
            async with asyncio.TaskGroup() as tasks:
                for informer in informers:
                    tasks.create_task(informer.run(), name=f"informer-{informer.resource.plural}")
                for informer in informers:
                    await informer.synced.wait()
                self.synced.set()
                tasks.create_task(self._elector.run(), name="leader-election")
                await self._elector.leading.wait()
                for request in self._handlers.unfinished():
                    self._admission.restore(request)
                for number in range(self._settings.workers):
                    tasks.create_task(self._worker.run(), name=f"worker-{number}")
                tasks.create_task(self._reporter.resend_recent(self._cluster), name="resend-recent")
                self.ready.set()
                log.info("engine ready: %d executions, %d jobs", *map(len, informers[:2]))
        except* LeadershipLostError as lost:
            raise lost.exceptions[0] from None
        finally:
            self.ready.clear()
            self._queue.close()
            await self._events.flush()
            await self._elector.release()
            self._tracing.close()

    async def drain(self) -> None:
        """Start nothing more, and wait for what is being reconciled; then `run` may be cancelled."""
        await self._queue.drain(_DRAIN_SECONDS)

    def stuck(self) -> str:
        """Return which execution has been reconciled for longer than any reconcile can take, or ""."""
        longest = self._queue.longest_running()
        if longest is None or longest[1] < _STUCK_SECONDS:
            return ""
        return f"execution {longest[0]} has been reconciled for {longest[1]:.0f} s"

    def _state(self) -> EngineState:
        """Return what metrics read at each scrape."""
        return EngineState(
            executions=self._caches.views,
            running=lambda: self._reservations.running,
            queued=lambda: len(self._queue),
            longest_running=lambda: (self._queue.longest_running() or ("", 0.0))[1],
            longest_queued=self._queue.longest_queued,
            leading=self._elector.leading.is_set,
            watch_restarts=lambda: {
                informer.resource.plural: informer.restarts for informer in self._handlers.informers
            },
            lost=lambda: {"events": self._events.dropped, "spans": self._tracing.lost},
            now=now,
            plan_max_age=self._settings.plans.max_age_seconds,
        )
