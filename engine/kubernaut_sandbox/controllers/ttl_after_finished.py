"""The TTL controller: deletes finished Jobs when their ttlSecondsAfterFinished has passed."""

from __future__ import annotations

from collections.abc import Iterable

from kubernaut_sandbox.access.request_context import DeleteOptions
from kubernaut_sandbox.controllers.loop import Controller, Key
from kubernaut_sandbox.model.objects import (
    condition_of,
    has_condition,
    is_deleting,
    name_of,
    namespace_of,
    seconds_since,
    spec_of,
    uid_of,
)
from kubernaut_sandbox.model.store import Change


class TtlController(Controller):
    """Deletes a finished Job in the foreground, so that its pods go with it."""

    name = "ttl-after-finished-controller"

    def keys(self, change: Change) -> Iterable[Key]:
        if change.resource == "jobs.batch" and spec_of(change.new).get("ttlSecondsAfterFinished") is not None:
            yield namespace_of(change.new), name_of(change.new)

    def sync(self, key: Key) -> float | None:
        job = self.store.get("jobs.batch", *key)
        ttl = spec_of(job or {}).get("ttlSecondsAfterFinished")
        if job is None or ttl is None or is_deleting(job):
            return None
        finished = next(
            (c for kind in ("Complete", "Failed") if has_condition(job, kind) and (c := condition_of(job, kind))), None
        )
        if finished is None:
            return None
        remaining: float = ttl - seconds_since(finished["lastTransitionTime"])
        if remaining > 0:
            return remaining
        options = DeleteOptions(propagation="Foreground", uid=uid_of(job))
        self.cluster.deleter.delete(self.context, self.registry.kinds.by_resource("jobs.batch"), *key, options)
        return None
