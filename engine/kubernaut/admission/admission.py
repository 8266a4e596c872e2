"""Decides whether an execution may start now, and keeps what it is granted until it ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kubernaut.admission.concurrency import Request, Reservations
from kubernaut.admission.decisions import Admitted, Deferred, Rejected
from kubernaut.admission.predecessors import Predecessors
from kubernaut.admission.rate_limits import RateLimiter
from kubernaut.admission.validation import Validator
from kubernaut.api.execution import Reason
from kubernaut.api.view import ExecutionView
from kubernaut.kube.objects import Key


class Admission:
    """Order, validation, rate limits and concurrency behind one decision."""

    def __init__(
        self,
        validator: Validator,
        rate_limiter: RateLimiter,
        reservations: Reservations,
        predecessors: Predecessors,
        requeue: Callable[[Key], None],
    ) -> None:
        """`requeue` is called with every execution that may start because another one has released its place."""
        self._validator, self._rate_limiter, self._reservations = validator, rate_limiter, reservations
        self._predecessors, self._requeue = predecessors, requeue
        self._admitted: dict[str, Admitted] = {}
        """By uid, the executions that were admitted and have not ended."""

    async def admit(self, execution: ExecutionView) -> Admitted | Rejected | Deferred:
        """Decide on an execution that has not started. Admitted, it holds its target and a slot until `release`."""
        if execution.is_suspended:
            remedy = f"kubernaut resume {execution.name} -n {execution.namespace}"
            message = f"Suspended, because spec.suspend is true. To start it: {remedy}"
            return self._defer(execution, Deferred(Reason.SUSPENDED, message, keeps_queue_position=False))
        blocked = self._predecessors.check(execution)
        if isinstance(blocked, Rejected):
            return blocked
        if isinstance(blocked, Deferred):
            return self._defer(execution, blocked)
        decision = await self._validator.validate(execution)
        if isinstance(decision, Rejected):
            return decision
        deferred = self._check_rate(execution, decision) or self._reserve(execution, decision)
        if deferred:
            return self._defer(execution, deferred)
        self._admitted[execution.uid] = decision
        return decision

    async def readmit(self, execution: ExecutionView) -> Admitted | Rejected:
        """Decide whether an execution that has a Job already may run; neither a limit nor a suspension holds it, as it runs."""
        decision = await self._validator.validate(execution)
        if isinstance(decision, Admitted):
            self._admitted[execution.uid] = decision
        return decision

    async def resolve(self, execution: ExecutionView) -> Admitted | Rejected:
        """Return what was admitted; after a restart, resolve it again, which the plugins installed by then may reject."""
        return self._admitted.get(execution.uid) or await self._validator.resolve(execution)

    async def check_parameters(self, action: str, parameters: Mapping[str, Any]) -> Rejected | None:
        """Return why the plugins installed now reject these parameters of an action, or None."""
        return await self._validator.check_parameters(action, parameters)

    def not_started(self, execution: ExecutionView, deferred: Deferred | None = None) -> None:
        """Report that an admitted execution did not start after all, and whether it keeps its place in the queue."""
        self._rate_limiter.cancel_start(execution.namespace, execution.uid)
        if deferred:
            self._defer(execution, deferred)

    def restore(self, request: Request) -> None:
        """Grant an execution what it held before this engine led: it is running."""
        self._reservations.restore(request)

    def is_awaited(self, key: Key) -> bool:
        """Whether executions wait for this one to end: it must not be deleted before they know how it did."""
        return bool(self._predecessors.awaiting(key))

    def release(self, uid: str) -> None:
        """Release all that an execution holds or waits for, and requeue those that may start now."""
        self._admitted.pop(uid, None)
        self._requeue_all(self._reservations.release(uid))

    def release_namesakes(self, key: Key, uid: str) -> None:
        """Release what earlier executions of this name hold: all but the one with this uid."""
        self._requeue_all(self._reservations.release_namesakes(key, uid))

    def _defer(self, execution: ExecutionView, deferred: Deferred) -> Deferred:
        if not deferred.keeps_queue_position:
            self.release(execution.uid)
        return deferred

    def _requeue_all(self, keys: list[Key]) -> None:
        for key in keys:
            self._requeue(key)

    def _check_rate(self, execution: ExecutionView, admitted: Admitted) -> Deferred | None:
        target = str(admitted.execution.target)
        delay = self._rate_limiter.check(execution, target, admitted.action.spec.cooldown)
        if delay is None:
            return None
        return Deferred(delay.reason, delay.message, target, delay.seconds, keeps_queue_position=False, is_hold=True)

    def _reserve(self, execution: ExecutionView, admitted: Admitted) -> Deferred | None:
        target = str(admitted.execution.target)
        request = request_of(execution, target, shares_target=admitted.action.spec.read_only)
        blocked = self._reservations.acquire(request)
        if blocked is None:
            return None
        self._rate_limiter.cancel_start(execution.namespace, execution.uid)
        if blocked.ahead:
            message = f"Waiting for execution {blocked.ahead.name}, which is ahead of it on {target}."
            return Deferred(Reason.TARGET_BUSY, message, target, blocked_by=blocked.ahead.name)
        message = "The limit of running executions (maxRunning) is reached; this one starts when another one ends."
        return Deferred(Reason.QUEUED, message, target)


def request_of(execution: ExecutionView, target: str, *, shares_target: bool) -> Request:
    """Return the request of an execution for its target (`Kind/name`), or, if it only reads it, for a slot alone."""
    created = str(execution.json["metadata"]["creationTimestamp"])
    key = Key(execution.namespace, execution.name)
    place = f"{execution.namespace}/{target}"
    return Request(created, execution.uid, key, f"{place} read by {execution.uid}" if shares_target else place)
