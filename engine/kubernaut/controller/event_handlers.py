"""What the engine watches, and what a change of it means: mostly that its execution is to be looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from kubernaut.admission.concurrency import Request
from kubernaut.admission.rate_limits import Pace
from kubernaut.api.execution import Phase
from kubernaut.api.labels import ANNOTATION_TARGET, LABEL_UID
from kubernaut.controller.predicates import says_something_new
from kubernaut.controller.state import Caches, GonePods
from kubernaut.controller.transforms import trimmed_execution, trimmed_job, trimmed_pod
from kubernaut.jobs.outcome import condition
from kubernaut.jobs.ownership import execution_key, execution_of, is_job_of, uid_of
from kubernaut.kube.client import Cluster
from kubernaut.kube.informer import Informer
from kubernaut.kube.objects import Key, Object, key_of
from kubernaut.kube.resources import EXECUTIONS, JOBS, PODS, Resource
from kubernaut.telemetry.first_seen import carry


class Watches:
    """The three watches; `look` is asked for a look at each execution of which something changed."""

    def __init__(self, cluster: Cluster, namespaces: Sequence[str], pace: Pace, look: Callable[[Key], None]) -> None:
        self._pace, self._look = pace, look

        def informer(
            resource: Resource, changed: Callable[[Object | None, Object | None], None], **more: Any
        ) -> Informer:
            return Informer(cluster, resource, changed, namespaces=namespaces, **more)

        dependents = {"selector": LABEL_UID, "index": execution_of}
        self.caches = Caches(
            executions=informer(EXECUTIONS, self._execution_changed, trim=trimmed_execution),
            jobs=informer(JOBS, self._dependent_changed, trim=trimmed_job, **dependents),
            gone=GonePods(),
            pods=informer(PODS, self._pod_changed, trim=trimmed_pod, **dependents),
        )
        self.informers = (self.caches.executions, self.caches.jobs, self.caches.pods)

    def unfinished(self) -> Iterator[Request]:
        """The target of every Job that still runs: held before anything new can start."""
        for job in self.caches.jobs:
            execution = self.caches.executions.get(execution_key(job))
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
                yield Request(metadata["creationTimestamp"], uid_of(job), execution_key(job), target)

    def _execution_changed(self, old: Object | None, new: Object | None) -> None:
        if new is not None:
            carry(old, new, {"created": old is None, "cancel": bool(new["spec"].get("cancel"))})
            self._pace.note(new)
        self._look(key_of(new or old or {}))

    def _dependent_changed(self, old: Object | None, new: Object | None) -> None:
        if says_something_new(old, new):
            self._look(execution_key(new or old or {}))

    def _pod_changed(self, old: Object | None, new: Object | None) -> None:
        if new is not None:
            carry(old, new, {"created": old is None, "scheduled": "nodeName" in new["spec"]})
        if new is None and old is not None:
            execution = self.caches.executions.get(execution_key(old))
            phase = (execution or {}).get("status", {}).get("phase", Phase.PENDING)
            if execution and not Phase(phase).ended:
                self.caches.gone.remember(old)
        self._dependent_changed(old, new)
