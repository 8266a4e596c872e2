"""The engine at work on a sandbox, under its own ServiceAccount; it can be restarted with other settings."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, suppress
from typing import Self

from kubernaut.controller.manager import Manager
from kubernaut.install.rbac import ENGINE_ACCOUNT, ENGINE_NAMESPACE
from kubernaut.kube.client import Cluster
from kubernaut.plugins.registry import Registry
from kubernaut.settings import Settings
from kubernaut.telemetry.metrics import Metrics
from kubernaut_sandbox import Sandbox

ENGINE_USER = f"system:serviceaccount:{ENGINE_NAMESPACE}:{ENGINE_ACCOUNT}"


class RunningEngine:
    """An engine in this process; it runs from `start` to `stop`."""

    def __init__(self, sandbox: Sandbox, registry: Registry) -> None:
        self._sandbox, self._registry = sandbox, registry
        self._stack = AsyncExitStack()

    async def start(self, settings: Settings) -> Self:
        """Start it, and return when it is ready. Raises what ended it before that."""
        metrics = Metrics()
        user = self._sandbox.kubeconfig(user=ENGINE_USER)
        cluster = await self._stack.enter_async_context(await Cluster.connect(user, observe=metrics.observe_request))
        manager = Manager(cluster, self._registry, standalone(settings), metrics)
        work = asyncio.create_task(manager.run())
        self._stack.push_async_callback(_end, work)
        await _ready(manager, work)
        return self

    async def stop(self) -> None:
        """Stop it; what it has begun goes on in the cluster, and the next one finds it."""
        await self._stack.aclose()

    async def restart(self, settings: Settings) -> None:
        """Stop it, and start it with other settings."""
        await self.stop()
        await self.start(settings)


def standalone(settings: Settings) -> Settings:
    """Return the settings for the only engine of its cluster, which runs in its caller's process."""
    election = settings.leader_election.model_copy(update={"enabled": False})
    return settings.model_copy(update={"leader_election": election, "probe_port": 0})


async def _end(work: asyncio.Task[None]) -> None:
    work.cancel()
    with suppress(asyncio.CancelledError):
        await work


async def _ready(manager: Manager, work: asyncio.Task[None]) -> None:
    """Wait until the manager is ready, or fail as it failed."""
    ready = asyncio.create_task(manager.ready.wait())
    await asyncio.wait({ready, work}, return_when=asyncio.FIRST_COMPLETED)
    if work.done():
        ready.cancel()
        work.result()
