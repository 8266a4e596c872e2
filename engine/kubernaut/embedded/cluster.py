"""The engine at work on the embedded cluster, as the demo, `kubernaut sandbox` and the tests start it.

It runs under its own ServiceAccount with the permissions of `rbac/engine.yaml`, as it would on any cluster, without shortcuts.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from kubernaut.documents import load_all_yaml
from kubernaut.embedded.population import populate, wait_until_ready
from kubernaut.embedded.running_engine import RunningEngine
from kubernaut.embedded.users import user_permissions
from kubernaut.install.admission import admission_manifests
from kubernaut.install.manifests import installation
from kubernaut.kube.client import Cluster
from kubernaut.plugins.registry import Registry
from kubernaut.settings import Settings
from kubernaut_sandbox import Sandbox, SandboxOptions


@dataclass(frozen=True, slots=True)
class Embedded:
    """A sandbox with the engine installed and at work."""

    sandbox: Sandbox
    cluster: Cluster
    """A connection as its admin."""
    engine: RunningEngine

    async def populate(self, objects: Iterable[Mapping[str, Any]]) -> None:
        """Create the objects, and wait until they are ready. Raises InputError for one that the API server rejects."""
        await wait_until_ready(self.cluster, await populate(self.sandbox, self.cluster, objects))

    async def populate_each(self, objects: Mapping[str, Iterable[Mapping[str, Any]]]) -> dict[str, str]:
        """Populate it with the objects of each action; return, by action, why those of some could not be created."""
        ends = await asyncio.gather(*map(self.populate, objects.values()), return_exceptions=True)
        return {
            name: f"the objects of its surroundings cannot be created: {end}"
            for name, end in zip(objects, ends, strict=True)
            if isinstance(end, Exception)
        }


def seed() -> list[dict[str, Any]]:
    """Return the objects of a fresh sandbox."""
    return load_all_yaml(files("kubernaut").joinpath("seed.yaml").read_text("utf-8"))


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
    """Start a sandbox with these objects, install the engine for `namespaces`, and run it during the block.

    The block begins when the objects are ready. With `admission`, the admission policies are installed too, and what the users of `users`
    may do.
    """
    async with Sandbox(port=port, options=options) as sandbox:
        admin = await Cluster.connect(sandbox.kubeconfig())
        async with admin:
            unready = await populate(sandbox, admin, seed() if objects is None else objects)
            await sandbox.apply(installation(registry, namespaces))
            await sandbox.apply(user_permissions(registry, namespaces))
            if admission:
                await sandbox.apply(admission_manifests(registry))
            engine = await RunningEngine(sandbox, registry).start(settings or Settings())
            try:
                await wait_until_ready(admin, unready)
                yield Embedded(sandbox, admin, engine)
            finally:
                await engine.stop()
