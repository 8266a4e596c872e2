"""A worker takes one key after the other, has it looked at, and sees to it that it is looked at again when it should be."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from kubernaut.controller.reconciler import LookAgain, Outcome
from kubernaut.errors import KubernautError, NeverError, ThrottledError
from kubernaut.kube.informer import Informer
from kubernaut.kube.objects import Key
from kubernaut.kube.workqueue import KeyQueue
from kubernaut.telemetry.logs import about
from kubernaut.telemetry.trace_context import trace_context

log = logging.getLogger(__name__)

_DENIED_RETRY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Workers:
    """What all workers share."""

    queue: KeyQueue[Key]
    executions: Informer
    reconcile: Callable[[Key], Awaitable[Outcome]]
    looked: Callable[[str, float], None]
    """Told how each look came out (done, retry or fault), and its seconds."""

    async def work(self) -> None:
        """Be one worker, until cancelled."""
        while True:
            key = await self.queue.take()
            try:
                await self._once(key)
            finally:
                self.queue.done(key)

    async def _once(self, key: Key) -> None:
        """Reconcile one key; whatever it ends in, the key is looked at again when it should be."""
        began = time.perf_counter()
        obj = self.executions.get(key)
        told = {"action": obj["spec"]["action"], "traceId": trace_context(obj).trace_id} if obj else {}
        with about(execution=str(key), **told):
            outcome = await self._looked_at(key)
        self.looked(outcome, time.perf_counter() - began)

    async def _looked_at(self, key: Key) -> str:
        """The look itself; returns how it came out: done, retry or fault."""
        try:
            outcome = await self.reconcile(key)
        except ThrottledError as error:
            self.queue.retry(key, error.retry_after)
            return "retry"
        except NeverError as error:
            delay = self.queue.retry(key, _DENIED_RETRY_SECONDS)
            log.error("execution %s: %s; looking again in %.0f s", key, error, delay)  # noqa: TRY400 - foreseen: no traceback
            return "retry"
        except KubernautError as error:
            log.info("execution %s: %s; looking again in %.1f s", key, error, self.queue.retry(key))
            return "retry"
        except Exception:
            log.exception("execution %s: a fault of the engine; looking again in %.1f s", key, self.queue.retry(key))
            return "fault"
        self.queue.forget(key)
        if isinstance(outcome, LookAgain):
            self.queue.add_after(key, outcome.seconds)
        return "done"
