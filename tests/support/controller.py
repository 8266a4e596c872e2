"""The engine's controller on a fake cluster: everything but informers, workers and leader election is real."""

from __future__ import annotations

import asyncio
from typing import Any

from kubernaut.admission.access_review import AccessReviewer
from kubernaut.admission.admission import Admission
from kubernaut.admission.concurrency import Reservations
from kubernaut.admission.plans import PlanChecker
from kubernaut.admission.policies import PolicyChecker
from kubernaut.admission.rate_limits import RateLimiter
from kubernaut.admission.undoing import Undoing
from kubernaut.admission.validation import Validator
from kubernaut.api.labels import LABEL_ACTION, LABEL_EXECUTION, LABEL_UID
from kubernaut.api.names import job_name
from kubernaut.api.timestamps import now
from kubernaut.api.view import ExecutionView
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
from kubernaut.controller.rollbacks import RollbackFinder
from kubernaut.controller.starter import Starter
from kubernaut.controller.status import StatusWriter
from kubernaut.kube.objects import EVENTS, EXECUTIONS, JOBS, PODS, SERVICE_ACCOUNTS, Key
from kubernaut.plugins.hook_caller import HookCaller
from kubernaut.plugins.overrides import apply_settings
from kubernaut.plugins.registry import Registry
from kubernaut.settings import Settings
from kubernaut.telemetry.metrics import Metrics
from kubernaut.telemetry.tracing import Tracing
from tests.support.fake_cluster import FakeCluster, Object

NAMESPACE = "production"
ACCOUNT = "deployment-scaler"


class Ground:
    """A namespace with one granted action, `scale`, and the parts of the controller, wired as `controller.manager` does."""

    def __init__(self, registry: Registry, settings: Settings | None = None) -> None:
        settings = settings or Settings()
        registry = apply_settings(registry, settings)
        account = {"name": ACCOUNT, "namespace": NAMESPACE, "labels": {LABEL_ACTION: "scale"}}
        self.cluster = cluster = FakeCluster((SERVICE_ACCOUNTS, {"metadata": account}))
        self.queued: list[Key] = []
        self.reservations = Reservations(settings.max_running)
        rate_limiter = RateLimiter(settings.budget, now)
        self.handlers = EventHandlers(cluster, (), rate_limiter, self.queued.append)
        self.caches = caches = self.handlers.caches
        self.metrics = Metrics()
        self.events = EventRecorder(cluster, "engine-1")
        hooks = HookCaller()
        access = AccessReviewer(cluster, 0)
        plans = PlanChecker(cluster, settings.plans.max_age_seconds, now)
        validator = Validator(
            registry, hooks, settings.image, PolicyChecker(registry, hooks, cluster), access, plans, Undoing(cluster)
        )
        self.admission = Admission(
            validator, rate_limiter, self.reservations, self.handlers.predecessors, self.queued.append
        )
        self.jobs = JobControl(cluster, caches.jobs)
        self.status, diagnostics = StatusWriter(cluster, caches.executions), Diagnostics(cluster)
        self.reporter = ExecutionReporter(caches, self.events, self.metrics, Tracing(), registry.metric_label)
        rollbacks = RollbackFinder(self.admission, hooks)
        self.plans = Plans(cluster, self.admission, hooks, self.status)
        self.completion = CompletionWriter(
            self.status, self.reporter, self.admission, rollbacks, diagnostics, self.plans
        )
        launcher = Launcher(hooks, self.jobs, 5.0, 86_400)
        self.starter = Starter(self.admission, launcher, self.status, self.reporter, self.completion, self.plans)
        reader = PodReader(cluster)
        self.monitor = JobMonitor(
            self.jobs, reader, self.status, self.completion, diagnostics, AttemptReader(self.admission)
        )
        cleaner = Cleaner(cluster, self.jobs, self.admission, caches.deleted_pods, settings.job_ttl_seconds)
        self.reconciler = Reconciler(caches, self.starter, self.monitor, cleaner)

    def add(self, name: str = "more-web", *, uid: str = "", **spec: Any) -> Key:
        """Create an execution of `scale`, as a user would, and let the informer see it."""
        metadata = {"name": name, "namespace": NAMESPACE, "uid": uid or f"uid-{name}", "generation": 1}
        wanted = {"action": "scale", "parameters": {"name": "web", "replicas": 3}, **spec}
        self.see(EXECUTIONS, {"metadata": metadata, "spec": wanted, "status": {}})
        return Key(NAMESPACE, name)

    def change(self, key: Key, **spec: Any) -> None:
        """Change an execution's spec, as a user would."""
        stored = self.obj(key)
        self.see(EXECUTIONS, {**stored, "spec": {**stored["spec"], **spec}})

    def obj(self, key: Key) -> Object:
        """Return the execution as the cluster stores it."""
        return next(obj for obj in self.cluster.all(EXECUTIONS) if obj["metadata"]["name"] == key.name)

    def view(self, key: Key) -> ExecutionView:
        """Return a view of the execution as the cluster stores it."""
        return ExecutionView(self.obj(key))

    def job(self, key: Key) -> Object | None:
        """Return the execution's Job as the cluster stores it."""
        name = job_name(key.name, self.obj(key)["metadata"]["uid"])
        return next((job for job in self.cluster.all(JOBS) if job["metadata"]["name"] == name), None)

    def add_pod(
        self, key: Key, job: Object, *, phase: str = "Succeeded", name: str = "p1", seen: bool = True, **status: Any
    ) -> None:
        """Create or change a pod of the Job, and let the informer see it, unless its watch lags behind."""
        owner = {"apiVersion": "batch/v1", "kind": "Job", "name": job["metadata"]["name"], "controller": True}
        metadata = {
            "name": name,
            "namespace": NAMESPACE,
            "labels": {LABEL_EXECUTION: key.name, LABEL_UID: self.obj(key)["metadata"]["uid"]},
            "ownerReferences": [{**owner, "uid": job["metadata"]["uid"]}],
        }
        pod = {"metadata": metadata, "spec": {"nodeName": "node-1"}, "status": {"phase": phase, **status}}
        if seen:
            self.see(PODS, pod)
        else:
            self.cluster.put(PODS, pod)

    def end_job(self, job: Object, condition: str, reason: str = "") -> None:
        """Let the job controller end the Job."""
        ended = {
            "type": condition,
            "status": "True",
            "reason": reason,
            "message": "",
            "lastTransitionTime": now().isoformat(),
        }
        self.see(JOBS, {**job, "status": {"conditions": [ended]}})

    def delete_job(self, job: Object) -> None:
        """Delete the Job, and let the informer see it."""
        self.cluster.remove(JOBS, job)
        self.forget_job(job)

    def forget_job(self, job: Object) -> None:
        """Drop the Job from the cache alone, as if its watch lagged behind."""
        self.caches.jobs._drop(Key(NAMESPACE, job["metadata"]["name"]))

    def delete_pod(self, name: str) -> None:
        """Delete a pod, and let the informer see it."""
        self.caches.pods._drop(Key(NAMESPACE, name))

    async def reconcile(self, key: Key) -> Any:
        """Reconcile once, and let Events that it recorded arrive."""
        result = await self.reconciler.reconcile(key)
        await self.events.settle()
        await asyncio.sleep(0)
        return result

    async def started(self, name: str = "more-web", **spec: Any) -> tuple[Key, Object]:
        """Create an execution and start it; returns its key and its Job."""
        key = self.add(name, **spec)
        await self.reconcile(key)
        job = self.job(key)
        assert job is not None
        return key, job

    def event_reasons(self) -> list[str]:
        """Return the reasons of all recorded Events."""
        return [event["reason"] for event in self.cluster.all(EVENTS)]

    def see(self, resource: Any, obj: Object) -> None:
        stored = self.cluster.put(resource, obj)
        informers = {EXECUTIONS: self.caches.executions, JOBS: self.caches.jobs, PODS: self.caches.pods}
        informers[resource].accept(stored)
