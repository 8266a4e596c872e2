"""Which controllers run: all of them, but for those that a test holds. One that is let go again begins anew, from what it sees."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from kubernaut_sandbox.cluster import Cluster
from kubernaut_sandbox.controllers.customresourcedefinitions import CustomResourceDefinitionController
from kubernaut_sandbox.controllers.deployments import DeploymentController
from kubernaut_sandbox.controllers.garbage_collector import GarbageCollector
from kubernaut_sandbox.controllers.jobs import JobController
from kubernaut_sandbox.controllers.loop import Controller, ControllerLoop
from kubernaut_sandbox.controllers.namespaces import NamespaceController
from kubernaut_sandbox.controllers.replicasets import ReplicaSetController
from kubernaut_sandbox.controllers.resourcequotas import ResourceQuotaController
from kubernaut_sandbox.controllers.scheduler import Scheduler
from kubernaut_sandbox.controllers.statefulsets import StatefulSetController
from kubernaut_sandbox.controllers.ttl_after_finished import TtlController

MANAGED: tuple[type[Controller], ...] = (
    GarbageCollector,
    NamespaceController,
    JobController,
    TtlController,
    DeploymentController,
    ReplicaSetController,
    StatefulSetController,
    ResourceQuotaController,
)
"""Those of kube-controller-manager."""
EVERY: tuple[type[Controller], ...] = (*MANAGED, Scheduler, CustomResourceDefinitionController)


class ControllerManager:
    """Starts, stops and restarts controllers."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._loops: dict[type[Controller], ControllerLoop] = {}
        self._holds: Counter[type[Controller]] = Counter()

    def start(self) -> None:
        """Start whatever is neither running nor held."""
        for controller in EVERY:
            if controller not in self._loops and not self._holds[controller]:
                self._loops[controller] = ControllerLoop(controller(self._cluster))

    async def stop(self, controllers: Sequence[type[Controller]] = EVERY) -> None:
        """Stop these; what they had in mind is forgotten."""
        for controller in controllers:
            if loop := self._loops.pop(controller, None):
                await loop.stop()

    @asynccontextmanager
    async def held(self, controllers: Sequence[type[Controller]]) -> AsyncIterator[None]:
        """Stop these while the block lasts; blocks may overlap."""
        self._holds.update(controllers)
        await self.stop(controllers)
        try:
            yield
        finally:
            self._holds.subtract(controllers)
            self.start()
