"""The informers of the engine, and what a change of an object triggers: in most cases, that its execution is reconciled."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence

from kubernaut.admission.admission import request_of
from kubernaut.admission.concurrency import Request
from kubernaut.admission.predecessors import Predecessors
from kubernaut.admission.rate_limits import RateLimiter
from kubernaut.api.conditions import true_condition
from kubernaut.api.labels import ANNOTATION_READ_ONLY, ANNOTATION_TARGET, LABEL_UID
from kubernaut.api.timestamps import now
from kubernaut.controller.predicates import is_significant_change
from kubernaut.controller.state import Caches, DeletedPodCache, view_of
from kubernaut.controller.transforms import trim_execution, trim_job, trim_pod
from kubernaut.jobs.ownership import execution_key, execution_of, is_job_of
from kubernaut.kube.client import Cluster
from kubernaut.kube.informer import Informer, Retention, Scope
from kubernaut.kube.objects import EXECUTIONS, JOBS, PODS, CachedObject, Key, Object, key_of

log = logging.getLogger(__name__)


class EventHandlers:
    """Three informers; each significant change enqueues the execution that it belongs to."""

    def __init__(
        self,
        cluster: Cluster,
        namespaces: Sequence[str],
        rate_limiter: RateLimiter,
        enqueue: Callable[[Key], None],
    ) -> None:
        """Watch `namespaces`, or all of them if there are none."""
        self._rate_limiter, self._enqueue = rate_limiter, enqueue
        executions, jobs, pods = (
            Scope(EXECUTIONS, namespaces),
            Scope(JOBS, namespaces, LABEL_UID),
            Scope(PODS, namespaces, LABEL_UID),
        )
        self.caches = Caches(
            executions=Informer(
                cluster, executions, self._execution_changed, Retention(trim_execution, facts=_execution_facts)
            ),
            jobs=Informer(cluster, jobs, self._job_changed, Retention(trim_job, execution_of)),
            pods=Informer(cluster, pods, self._pod_changed, Retention(trim_pod, execution_of, _pod_facts)),
            deleted_pods=DeletedPodCache(),
        )
        self.predecessors = Predecessors(self.caches.view, now)
        self.informers = (self.caches.executions, self.caches.jobs, self.caches.pods)

    def unfinished(self) -> Iterator[Request]:
        """Yield the target of every Job that has not ended: they are reserved before anything new can start."""
        for cached in self.caches.jobs:
            job, execution = cached.json, self.caches.view(execution_key(cached.json))
            if execution is None or not is_job_of(job, execution.name, execution.uid):
                continue
            if true_condition(job, "Complete") or true_condition(job, "Failed") or execution.has_ended:
                continue
            # The status is not parsed: one that is not valid must not stop the engine.
            recorded = (execution.json.get("status") or {}).get("target")
            target = recorded or (job["metadata"].get("annotations") or {}).get(ANNOTATION_TARGET, "")
            reads = (job["metadata"].get("annotations") or {}).get(ANNOTATION_READ_ONLY) == "true"
            yield request_of(execution, target, shares_target=reads)

    def _execution_changed(self, old: CachedObject | None, new: CachedObject | None) -> None:
        key = _changed_key(key_of, old, new)
        self._enqueue(key)
        self._wake_successors(key, old, new)
        if new is not None:
            try:
                self._rate_limiter.record(view_of(new))
            except ValueError as error:  # a status that no engine wrote: its reconcile reports that
                log.warning("execution %s counts for no cooldown or budget: %s", key_of(new.json), error)

    def _wake_successors(self, key: Key, old: CachedObject | None, new: CachedObject | None) -> None:
        """Enqueue those that wait for an execution that appeared, ended or is deleted now."""
        if new is None or (old and view_of(old).uid != view_of(new).uid):
            self.predecessors.forget(key)
            if old:
                self.predecessors.record_deletion(view_of(old))
        ended = new is not None and view_of(new).has_ended
        if ended:
            self.predecessors.forget(key)
        if old is None or new is None or ended:
            for waiting in self.predecessors.awaiting(key):
                self._enqueue(waiting)

    def _job_changed(self, old: CachedObject | None, new: CachedObject | None) -> None:
        if is_significant_change(old, new):
            self._enqueue(_changed_key(execution_key, old, new))

    def _pod_changed(self, old: CachedObject | None, new: CachedObject | None) -> None:
        if new is None and old is not None:
            execution = self.caches.view(execution_key(old.json))
            if execution and not execution.has_ended:
                self.caches.deleted_pods.remember(old)
        self._job_changed(old, new)


def _changed_key(key: Callable[[Object], Key], old: CachedObject | None, new: CachedObject | None) -> Key:
    changed = new or old
    if changed is None:
        raise ValueError("a change has an object before or after it")
    return key(changed.json)


def _execution_facts(obj: Object) -> Iterable[str]:
    return ("cancel",) if obj["spec"].get("cancel") else ()


def _pod_facts(pod: Object) -> Iterable[str]:
    return ("scheduled",) if "nodeName" in pod["spec"] else ()
