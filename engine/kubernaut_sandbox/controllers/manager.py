"""Starts and stops the controllers. One that is started again starts from the objects in the store."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from kubernaut_sandbox.cluster import Cluster
from kubernaut_sandbox.controllers.autoscalers import AutoscalerController
from kubernaut_sandbox.controllers.claims import ClaimController
from kubernaut_sandbox.controllers.cronjobs import CronJobController
from kubernaut_sandbox.controllers.customresourcedefinitions import CustomResourceDefinitionController
from kubernaut_sandbox.controllers.daemonsets import DaemonSetController
from kubernaut_sandbox.controllers.deployments import DeploymentController
from kubernaut_sandbox.controllers.disruptions import DisruptionController
from kubernaut_sandbox.controllers.garbage_collector import GarbageCollector
from kubernaut_sandbox.controllers.jobs import JobController
from kubernaut_sandbox.controllers.loop import Controller, ControllerLoop
from kubernaut_sandbox.controllers.namespaces import NamespaceController
from kubernaut_sandbox.controllers.replicasets import ReplicaSetController
from kubernaut_sandbox.controllers.resourcequotas import ResourceQuotaController
from kubernaut_sandbox.controllers.scheduler import Scheduler
from kubernaut_sandbox.controllers.statefulsets import StatefulSetController
from kubernaut_sandbox.controllers.ttl_after_finished import TtlController
from kubernaut_sandbox.controllers.validatingadmissionpolicies import ValidatingAdmissionPolicyController
from kubernaut_sandbox.controllers.volumes import VolumeController

MANAGER_CONTROLLERS: tuple[type[Controller], ...] = (
    GarbageCollector,
    NamespaceController,
    JobController,
    CronJobController,
    TtlController,
    DeploymentController,
    ReplicaSetController,
    StatefulSetController,
    DaemonSetController,
    DisruptionController,
    AutoscalerController,
    ClaimController,
    VolumeController,
    ResourceQuotaController,
    ValidatingAdmissionPolicyController,
)
"""The controllers of kube-controller-manager."""
ALL_CONTROLLERS: tuple[type[Controller], ...] = (*MANAGER_CONTROLLERS, Scheduler, CustomResourceDefinitionController)


class ControllerManager:
    """Starts, stops and restarts controllers."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._loops: dict[type[Controller], ControllerLoop] = {}
        self._stop_counts: Counter[type[Controller]] = Counter()

    def start(self) -> None:
        """Start every controller that is neither running nor held by `stopped`."""
        for controller in ALL_CONTROLLERS:
            if controller not in self._loops and not self._stop_counts[controller]:
                self._loops[controller] = ControllerLoop(controller(self._cluster))

    async def stop(self, controllers: Sequence[type[Controller]] = ALL_CONTROLLERS) -> None:
        """Stop these controllers; their queues are lost."""
        for controller in controllers:
            if loop := self._loops.pop(controller, None):
                await loop.stop()

    @asynccontextmanager
    async def stopped(self, controllers: Sequence[type[Controller]]) -> AsyncIterator[None]:
        """Stop these controllers for the duration of the block; blocks may overlap."""
        self._stop_counts.update(controllers)
        await self.stop(controllers)
        try:
            yield
        finally:
            self._stop_counts.subtract(controllers)
            self.start()
