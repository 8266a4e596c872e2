"""The engine at work on the embedded cluster, as the demo, `kubernaut sandbox` and the tests start it.

It runs under its own ServiceAccount with the permissions of `rbac/engine.yaml`, as it would on any cluster, without shortcuts.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import yaml

from kubernaut.controller.manager import Manager
from kubernaut.embedded.users import user_permissions
from kubernaut.install.admission import admission_manifests
from kubernaut.install.manifests import installation
from kubernaut.install.rbac import ENGINE_ACCOUNT, ENGINE_NAMESPACE
from kubernaut.kube.client import Cluster
from kubernaut.plugins.registry import Registry
from kubernaut.settings import Settings
from kubernaut.telemetry.metrics import Metrics
from kubernaut_sandbox import Sandbox, SandboxOptions

ENGINE_USER = f"system:serviceaccount:{ENGINE_NAMESPACE}:{ENGINE_ACCOUNT}"


@dataclass(frozen=True, slots=True)
class Embedded:
    """A sandbox with the engine installed and at work."""

    sandbox: Sandbox
    cluster: Cluster
    """A connection as its admin."""


def seed() -> list[dict[str, Any]]:
    """Return the objects of a fresh sandbox."""
    return list(yaml.safe_load_all(files("kubernaut").joinpath("seed.yaml").read_text("utf-8")))


def standalone(settings: Settings) -> Settings:
    """Return the settings for the only engine of its cluster, which runs in its caller's process."""
    election = settings.leader_election.model_copy(update={"enabled": False})
    return settings.model_copy(update={"leader_election": election, "probe_port": 0})


@asynccontextmanager
async def embedded(
    registry: Registry,
    *,
    settings: Settings | None = None,
    port: int = 0,
    options: SandboxOptions | None = None,
    objects: Iterable[dict[str, Any]] | None = None,
    namespaces: Sequence[str] = ("production",),
    admission: bool = True,
) -> AsyncIterator[Embedded]:
    """Start a sandbox, install the engine for `namespaces`, and run it during the block.

    With `admission`, the admission policies are installed too, and what the users of `users` may do.
    """
    async with Sandbox(port=port, options=options) as sandbox:
        await sandbox.apply(seed() if objects is None else list(objects))
        await sandbox.apply(installation(registry, namespaces))
        await sandbox.apply(user_permissions(registry, namespaces))
        if admission:
            await sandbox.apply(admission_manifests(registry))
        admin = await Cluster.connect(sandbox.kubeconfig())
        metrics = Metrics()
        user = sandbox.kubeconfig(user=ENGINE_USER)
        engine = await Cluster.connect(user, observe=metrics.observe_request)
        async with admin, engine:
            manager = Manager(engine, registry, standalone(settings or Settings()), metrics)
            work = asyncio.create_task(manager.run())
            try:
                await _ready(manager, work)
                yield Embedded(sandbox, admin)
            finally:
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
