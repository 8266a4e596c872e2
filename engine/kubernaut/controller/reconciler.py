"""Level-triggered, idempotent reconciler: takes one key, compares what is wanted with what is observed, and performs the next step."""

from __future__ import annotations

from dataclasses import dataclass

from kubernaut.controller.cleanup import Cleaner
from kubernaut.controller.monitor import JobMonitor
from kubernaut.controller.result import Done, ReconcileResult
from kubernaut.controller.starter import Starter
from kubernaut.controller.state import (
    Adopt,
    Caches,
    Cancel,
    CleanUp,
    Finalize,
    Monitor,
    RecoverJob,
    Start,
    decide,
)
from kubernaut.kube.objects import Key


@dataclass(frozen=True, slots=True)
class Reconciler:
    """Brings one execution one step further; safe to call at any time and any number of times."""

    caches: Caches
    starter: Starter
    monitor: JobMonitor
    cleaner: Cleaner

    async def reconcile(self, key: Key) -> ReconcileResult:  # noqa: PLR0911 - one return for each transition
        """Perform the transition that the observed state implies. Raises KubernautError where a request fails."""
        state = self.caches.snapshot(key)
        match decide(state):
            case Start(execution):
                await self.cleaner.delete_leftovers(state)
                return await self.starter.start(execution)
            case Adopt() as adopt:
                return await self.starter.adopt(adopt)
            case Monitor() as run:
                return await self.monitor.follow(run)
            case RecoverJob() as missing:
                return await self.monitor.recover(missing)
            case Cancel() as cancel:
                return await self.monitor.cancel(cancel)
            case Finalize() as ended:
                return await self.cleaner.finalize(ended, state)
            case CleanUp():
                await self.cleaner.delete_leftovers(state)
                return Done()
