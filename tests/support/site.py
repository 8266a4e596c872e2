"""A site for end-to-end tests: a fresh namespace with the usual objects and a running engine, on the sandbox or a real cluster."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from kubernaut.api.execution import API_VERSION, KIND
from kubernaut.controller.manager import Manager
from kubernaut.embedded.cluster import embedded, seed
from kubernaut.embedded.population import rounds, wait_until_ready
from kubernaut.embedded.running_engine import ENGINE_USER, standalone
from kubernaut.errors import ExistsError, NotFoundError
from kubernaut.install.manifests import installation
from kubernaut.install.rbac import ENGINE_ACCOUNT, ENGINE_NAMESPACE
from kubernaut.kube.client import Cluster
from kubernaut.kube.follow import follow, wait_for_end
from kubernaut.kube.objects import EXECUTIONS, PODS, RUNBOOKS, SERVICE_ACCOUNTS, Key, Resource
from kubernaut.plugins.registry import Registry
from kubernaut.settings import Settings
from kubernaut.telemetry.metrics import Metrics
from kubernaut_sandbox import Sandbox, SandboxOptions

CONFIG_MAPS = Resource("/api/v1", "configmaps")
DEPLOYMENTS = Resource("/apis/apps/v1", "deployments")
STATEFUL_SETS = Resource("/apis/apps/v1", "statefulsets")
DAEMON_SETS = Resource("/apis/apps/v1", "daemonsets")
CRON_JOBS = Resource("/apis/batch/v1", "cronjobs")
AUTOSCALERS = Resource("/apis/autoscaling/v2", "horizontalpodautoscalers")
CLAIMS = Resource("/api/v1", "persistentvolumeclaims")
BUDGETS = Resource("/apis/policy/v1", "poddisruptionbudgets")
NAMESPACES = Resource("/api/v1", "namespaces")
EVENTS = Resource("/api/v1", "events")
QUOTAS = Resource("/api/v1", "resourcequotas")
ROLE_BINDINGS = Resource("/apis/rbac.authorization.k8s.io/v1", "rolebindings")
_BY_KIND = {
    "ConfigMap": CONFIG_MAPS,
    "Deployment": DEPLOYMENTS,
    "StatefulSet": STATEFUL_SETS,
    "Namespace": NAMESPACES,
    "ResourceQuota": QUOTAS,
    "Secret": Resource("/api/v1", "secrets"),
    "ServiceAccount": SERVICE_ACCOUNTS,
    "Role": Resource("/apis/rbac.authorization.k8s.io/v1", "roles"),
    "RoleBinding": ROLE_BINDINGS,
    "ClusterRole": Resource("/apis/rbac.authorization.k8s.io/v1", "clusterroles"),
    "ClusterRoleBinding": Resource("/apis/rbac.authorization.k8s.io/v1", "clusterrolebindings"),
    "CustomResourceDefinition": Resource("/apis/apiextensions.k8s.io/v1", "customresourcedefinitions"),
    "CronJob": CRON_JOBS,
    "DaemonSet": DAEMON_SETS,
    "Runbook": RUNBOOKS,
    "HorizontalPodAutoscaler": AUTOSCALERS,
    "PersistentVolume": Resource("/api/v1", "persistentvolumes"),
    "PersistentVolumeClaim": CLAIMS,
    "Pod": PODS,
    "PodDisruptionBudget": BUDGETS,
    "StorageClass": Resource("/apis/storage.k8s.io/v1", "storageclasses"),
}
_SWIFT = SandboxOptions(backoff_base_seconds=0.2, image_retry_seconds=0.5)
"""On a real cluster, retries wait ten seconds; these tests do not need that."""


@dataclass(frozen=True)
class Site:
    """The cluster and namespace of a test, accessed as the cluster's admin."""

    cluster: Cluster
    namespace: str
    sandbox: Sandbox | None = None
    """None on a real cluster."""
    image: str = "unused"
    """The image for pods that a test creates; the sandbox ignores it."""

    async def create(
        self, action: str, parameters: Mapping[str, Any] | None = None, name: str = "", **spec: Any
    ) -> Key:
        """Create an execution and return its key."""
        name = name or f"{action[:40]}-{secrets.token_hex(3)}"
        manifest = {
            "apiVersion": API_VERSION,
            "kind": KIND,
            "metadata": {"name": name, "namespace": self.namespace},
            "spec": {"action": action, "parameters": dict(parameters or {}), **spec},
        }
        await self.cluster.create(EXECUTIONS, self.namespace, manifest)
        return Key(self.namespace, name)

    async def end(self, key: Key, seconds: float = 90) -> dict[str, Any]:
        """Wait until the execution has ended, and return it."""
        try:
            async with asyncio.timeout(seconds):
                return await wait_for_end(self.cluster, key)
        except TimeoutError:
            now = (await self.get(EXECUTIONS, key.name)).get("status")
            raise AssertionError(f"{key} has not ended after {seconds} s: {now}") from None

    async def run(self, action: str, parameters: Mapping[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
        """Create an execution, wait for its end and return its status."""
        ended = await self.end(await self.create(action, parameters, **spec))
        status: dict[str, Any] = ended["status"]
        return status

    async def until(self, key: Key, seconds: float = 60, **wanted: str) -> dict[str, Any]:
        """Wait until the status of the execution has these fields, and return it."""
        async with asyncio.timeout(seconds):
            async for obj in follow(self.cluster, key):
                status: dict[str, Any] = obj.get("status", {})
                if all(status.get(field) == value for field, value in wanted.items()):
                    return status
        raise AssertionError(f"{key} ended as {status}, never with {wanted}")

    async def get(self, resource: Resource, name: str) -> dict[str, Any]:
        """Return an object of the test's namespace."""
        return await self.cluster.get(resource, self.namespace, name)

    async def patch(self, resource: Resource, name: str, patch: Mapping[str, Any]) -> dict[str, Any]:
        """Merge a patch into an object of the test's namespace."""
        return await self.cluster.patch(resource, self.namespace, name, patch)

    async def apply(self, manifest: Mapping[str, Any]) -> None:
        """Create an object, or patch it to this."""
        await apply(self.cluster, manifest)

    async def populate(self, *objects: Mapping[str, Any], seconds: float = 60) -> None:
        """Create the objects in the test's namespace, one after the other where one is given twice, and wait until they are ready."""
        for one_round in rounds(objects):
            placed = [with_image(in_namespace(obj, self.namespace), self.image) for obj in one_round]
            for obj in placed:
                await apply(self.cluster, obj)
            await wait_until_ready(self.cluster, placed, seconds)

    async def surround(self, action: str) -> None:
        """Create what the examples of an action need."""
        surroundings = Registry.discover().actions[action].spec.surroundings
        if surroundings:
            with surroundings() as started:
                await self.populate(*started.objects)

    async def gone(self, resource: Resource, name: str, seconds: float = 30) -> None:
        """Wait until the object is gone."""
        async with asyncio.timeout(seconds):
            while True:
                try:
                    await self.get(resource, name)
                except NotFoundError:
                    return
                await asyncio.sleep(0.1)


async def apply(cluster: Cluster, manifest: Mapping[str, Any]) -> None:
    """Create an object, or merge into the one that exists."""
    resource = _BY_KIND[manifest["kind"]]
    namespace = manifest["metadata"].get("namespace")
    try:
        await cluster.create(resource, namespace, manifest)
    except ExistsError:
        await cluster.patch(resource, namespace or "", manifest["metadata"]["name"], manifest)


def in_namespace(obj: Mapping[str, Any], namespace: str) -> dict[str, Any]:
    """Return the object in this namespace."""
    return {**obj, "metadata": {**obj["metadata"], "namespace": namespace}}


def with_image(obj: dict[str, Any], image: str) -> dict[str, Any]:
    """Return the object with this image in all its containers; the one that they had is a variable, so that two revisions still differ."""
    copy: dict[str, Any] = deepcopy(obj)
    spec = copy.get("spec", {})
    for pod in (spec, spec.get("template", {}).get("spec", {})):
        for container in pod.get("containers", []):
            container["env"] = [*container.get("env", []), {"name": "VERSION", "value": container["image"]}]
            container |= {"image": image, "imagePullPolicy": "IfNotPresent"}
    return copy


def objects_in(namespace: str, image: str | None = None) -> list[dict[str, Any]]:
    """Return the usual objects, all in this namespace."""
    found = [
        {**o, "metadata": {**o["metadata"], "namespace": namespace}}
        for o in seed()
        if o["metadata"].get("namespace") == "production"
    ]
    for obj in found:
        for container in obj.get("spec", {}).get("template", {}).get("spec", {}).get("containers", []) if image else []:
            container |= {
                "image": image,
                "imagePullPolicy": "IfNotPresent",
            }  # for `latest`, the kubelet would ask the registry
    return [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}, *found]


@asynccontextmanager
async def site_on(
    kind: str, image: str, registry: Registry, settings: Settings | None = None, *, admission: bool = True
) -> AsyncIterator[Site]:
    """Run a site on the sandbox (`sandbox`) or on the cluster of $KUBECONFIG (`kubeconfig`).

    The sandbox has the admission policies, unless `admission` is false; on a cluster they are what is installed there.
    """
    if kind == "sandbox":
        objects = objects_in("production")
        async with embedded(
            registry, settings=settings, options=_SWIFT, objects=objects, admission=admission
        ) as running:
            yield Site(running.cluster, "production", running.sandbox)
        return
    namespace = f"kex-{secrets.token_hex(3)}"
    chosen = (settings or Settings()).model_copy(update={"image": image, "namespaces": (namespace,)})
    admin = await Cluster.connect()
    async with admin:
        for manifest in [*objects_in(namespace, image), *installation(registry, [namespace])]:
            await apply(admin, manifest)
        engine = await engine_cluster(admin)
        async with engine, at_work(engine, registry, chosen):
            yield Site(admin, namespace, image=image)
        await admin.delete(
            NAMESPACES, "", namespace, uid=(await admin.get(NAMESPACES, None, namespace))["metadata"]["uid"]
        )


async def engine_cluster(admin: Cluster) -> Cluster:
    """Return a client of the same cluster with the engine's ServiceAccount."""
    return await Cluster.connect(await engine_kubeconfig(admin))


async def engine_kubeconfig(admin: Cluster) -> dict[str, Any]:
    """Return a kubeconfig for the engine's ServiceAccount."""
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 7200}}
    path = Resource(f"/api/v1/namespaces/{ENGINE_NAMESPACE}/serviceaccounts/{ENGINE_ACCOUNT}", "token")
    token = (await admin.create(path, None, request))["status"]["token"]
    return kubeconfig_with(admin, token)


def kubeconfig_with(admin: Cluster, token: str) -> dict[str, Any]:
    """Return a kubeconfig for the same API server with another identity."""
    ca = admin.connection.config.endpoint.for_plugins()["certificate-authority-data"]
    return {
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": ENGINE_USER}}],
        "clusters": [{"name": "c", "cluster": {"server": admin.host, "certificate-authority-data": ca}}],
        "users": [{"name": ENGINE_USER, "user": {"token": token}}],
    }


@asynccontextmanager
async def at_work(cluster: Cluster, registry: Registry, settings: Settings) -> AsyncIterator[Manager]:
    """Run an engine in this process during the block."""
    manager = Manager(cluster, registry, standalone(settings), Metrics())
    work = asyncio.create_task(manager.run())
    try:
        async with asyncio.timeout(30):
            await manager.ready.wait()
        yield manager
    finally:
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work


__all__: Sequence[str] = ("Site", "apply", "at_work", "engine_cluster", "kubeconfig_with", "objects_in", "site_on")
