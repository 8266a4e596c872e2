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
    give_up: Callable[[Key, Exception, int], Awaitable[bool]]
    """Called with the error, and the number of failures in a row, of a reconcile that failed for a defect of the engine; returns
    whether it ended the execution."""

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
        with log_context(execution=str(key), **self._facts(key)):
            result = await self._reconcile(key)
        self.on_reconciled(result, time.perf_counter() - started)

    def _facts(self, key: Key) -> dict[str, str]:
        """Return what every log line about this execution has."""
        execution = self.caches.view(key)
        try:
            return {"action": execution.action, "traceId": trace_context(execution).trace_id} if execution else {}
        except Exception:  # noqa: BLE001 - an execution that cannot be read is handled by the reconcile
            return {}

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
        except Exception as error:  # noqa: BLE001 - logged, counted, and at last the end of its execution
            await self._panic(key, error)
            return "panic"
        self.queue.forget(key)
        if isinstance(result, RequeueAfter):
            self.queue.add_after(key, result.seconds)
            return "requeue_after"
        return "success"

    async def _panic(self, key: Key, error: Exception) -> None:
        """Log a defect of the engine, with its traceback once, and give its execution up when nothing more is to be expected."""
        delay = self.queue.add_rate_limited(key)
        failures = self.queue.failures(key)
        if failures == 1:
            log.error("execution %s: internal error; retrying in %.1f s", key, delay, exc_info=error)
        else:
            log.error("execution %s: internal error, %d times now: %r; retrying in %.1f s", key, failures, error, delay)
        try:
            if await self.give_up(key, error, failures):
                log.error("execution %s: given up after %d internal errors in a row", key, failures)
        except KubernautError as failed:
            log.info("execution %s cannot be given up yet: %s", key, failed)
        except Exception:
            log.exception("execution %s cannot be given up", key)
