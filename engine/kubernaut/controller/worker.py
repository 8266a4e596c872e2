"""Workers take keys from the queue, reconcile them, and requeue on error or on request."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from kubernaut.controller.result import ReconcileResult, RequeueAfter
from kubernaut.controller.state import Caches
from kubernaut.errors import KubernautError, NeverError, ThrottledError
from kubernaut.kube.objects import Key
from kubernaut.kube.workqueue import WorkQueue
from kubernaut.telemetry.logs import log_context
from kubernaut.telemetry.trace_context import trace_context

log = logging.getLogger(__name__)

_NEVER_RETRY_SECONDS = 5.0
"""The shortest delay after an error that would come again: only a change outside the engine can resolve it."""


@dataclass(frozen=True, slots=True)
class Worker:
    """One worker; any number may share a queue."""

    queue: WorkQueue[Key]
    caches: Caches
    reconcile: Callable[[Key], Awaitable[ReconcileResult]]
    on_reconciled: Callable[[str, float], None]
    """Called with the result (`success`, `requeue_after`, `error` or `panic`) and the seconds of each reconcile."""

    async def run(self) -> None:
        """Process keys until cancelled."""
        while True:
            key = await self.queue.take()
            try:
                await self._process(key)
            finally:
                self.queue.done(key)

    async def _process(self, key: Key) -> None:
        started = time.perf_counter()
        execution = self.caches.view(key)
        facts = {"action": execution.action, "traceId": trace_context(execution).trace_id} if execution else {}
        with log_context(execution=str(key), **facts):
            result = await self._reconcile(key)
        self.on_reconciled(result, time.perf_counter() - started)

    async def _reconcile(self, key: Key) -> str:
        """Reconcile the key, and requeue it if that is due, whatever happens."""
        try:
            result = await self.reconcile(key)
        except ThrottledError as error:
            self.queue.add_rate_limited(key, error.retry_after)
            return "error"
        except NeverError as error:
            delay = self.queue.add_rate_limited(key, _NEVER_RETRY_SECONDS)
            log.error("execution %s: %s; retrying in %.0f s", key, error, delay)  # noqa: TRY400 - expected: no traceback
            return "error"
        except KubernautError as error:
            log.info("execution %s: %s; retrying in %.1f s", key, error, self.queue.add_rate_limited(key))
            return "error"
        except Exception:
            log.exception("execution %s: internal error; retrying in %.1f s", key, self.queue.add_rate_limited(key))
            return "panic"
        self.queue.forget(key)
        if isinstance(result, RequeueAfter):
            self.queue.add_after(key, result.seconds)
            return "requeue_after"
        return "success"
