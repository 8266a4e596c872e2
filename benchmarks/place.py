"""The cluster of a run: the engine's permissions are installed in two namespaces of the run's own, which are deleted afterwards."""

from __future__ import annotations

import asyncio
import secrets
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import yaml

from benchmarks import paths
from benchmarks.action import NAME
from benchmarks.api import Api, ApiError, Object
from benchmarks.kubelet import StandInKubelet
from benchmarks.options import Where
from kubernaut.embedded.running_engine import ENGINE_USER
from kubernaut.install.manifests import installation
from kubernaut.install.rbac import ENGINE_ACCOUNT, ENGINE_NAMESPACE
from kubernaut.plugins.registry import ACTIONS, Registry
from kubernaut_sandbox import Sandbox

PATCH = "patch-configmap"
CONFIG_MAP = "app-config"
_TOKEN_SECONDS = 7200
_GONE_SECONDS = 180.0
_COLLECTIONS = {
    "CustomResourceDefinition": "/apis/apiextensions.k8s.io/v1/{}customresourcedefinitions",
    "Namespace": "/api/v1/{}namespaces",
    "ServiceAccount": "/api/v1/{}serviceaccounts",
    "ConfigMap": "/api/v1/{}configmaps",
    "ClusterRole": "/apis/rbac.authorization.k8s.io/v1/{}clusterroles",
    "ClusterRoleBinding": "/apis/rbac.authorization.k8s.io/v1/{}clusterrolebindings",
    "Role": "/apis/rbac.authorization.k8s.io/v1/{}roles",
    "RoleBinding": "/apis/rbac.authorization.k8s.io/v1/{}rolebindings",
}


@dataclass(frozen=True, slots=True)
class Place:
    """A cluster, accessed as its admin, and what a run uses in it."""

    where: Where
    api: Api
    namespace: str
    """The namespace in which executions run."""
    crowded: str
    """The namespace with many executions."""
    folder: Path
    """The folder for files of the run."""
    engine_kubeconfig: Path
    version: str
    node: str = ""
    """The node of the stand-in kubelet; "" on the sandbox."""
    sandbox: Sandbox | None = None
    kubectl: tuple[str, ...] = ()
    """Options that connect kubectl to this cluster."""


@asynccontextmanager
async def place_on(where: Where) -> AsyncIterator[Place]:
    """Prepare the sandbox, or the cluster of $KUBECONFIG; everything created there is deleted after the block."""
    with tempfile.TemporaryDirectory(prefix="kubernaut-bench-") as folder:
        opened = _on_sandbox(Path(folder)) if where is Where.SANDBOX else _on_cluster(Path(folder))
        async with opened as place:
            yield place


def bench_actions() -> Registry:
    """Return a registry with the benchmark's own action, and the one whose pods are real."""
    shipped = [point for point in entry_points(group=ACTIONS) if point.name == PATCH]
    return Registry.discover([*shipped, EntryPoint(NAME, "benchmarks.action", ACTIONS)])


@asynccontextmanager
async def _on_sandbox(folder: Path) -> AsyncIterator[Place]:
    namespace, crowded = _names()
    async with Sandbox() as sandbox:
        await sandbox.apply(_objects(namespace, crowded))
        kubeconfig = _write(folder / "engine.yaml", sandbox.kubeconfig(user=ENGINE_USER))
        async with await Api.connect(sandbox.kubeconfig()) as api:
            version = (await api.get("/version"))["gitVersion"]
            kubectl = ("--kubeconfig", str(_write(folder / "admin.yaml", sandbox.kubeconfig())))
            yield Place(
                Where.SANDBOX, api, namespace, crowded, folder, kubeconfig, version, sandbox=sandbox, kubectl=kubectl
            )


@asynccontextmanager
async def _on_cluster(folder: Path) -> AsyncIterator[Place]:
    namespace, crowded = _names()
    async with await Api.connect() as api:
        version = (await api.get("/version"))["gitVersion"]
        created: list[str] = []
        try:
            for manifest in _objects(namespace, crowded):
                created += await _apply(api, manifest)
            kubeconfig = _write(folder / "engine.yaml", await _engine_kubeconfig(api))
            async with StandInKubelet(api, namespace, namespace):
                yield Place(Where.KUBECONFIG, api, namespace, crowded, folder, kubeconfig, version, namespace)
        finally:
            await _remove(api, created)


def _names() -> tuple[str, str]:
    name = f"kubernaut-bench-{secrets.token_hex(3)}"
    return name, f"{name}-crowded"


def _objects(namespace: str, crowded: str) -> list[Object]:
    both = (namespace, crowded)
    spaces = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in both]
    metadata = {"name": CONFIG_MAP, "namespace": namespace}
    config_map = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"LOG_LEVEL": "info"}}
    return [*spaces, *installation(bench_actions(), both), config_map]


async def _apply(api: Api, manifest: Object) -> list[str]:
    """Create an object, or merge it into the existing one; return its path if it is new."""
    metadata = manifest["metadata"]
    namespace = f"namespaces/{metadata['namespace']}/" if "namespace" in metadata else ""
    collection = _COLLECTIONS[manifest["kind"]].format(namespace)
    path = f"{collection}/{metadata['name']}"
    try:
        await api.post(collection, manifest)
    except ApiError as error:
        if error.status != 409:
            raise
        await api.patch(path, manifest)
        return []
    if manifest["kind"] == "CustomResourceDefinition":
        await _wait_until_established(api, path)
    return [path]


async def _wait_until_established(api: Api, path: str) -> None:
    async with asyncio.timeout(30):
        while True:
            conditions = (await api.get(path)).get("status", {}).get("conditions") or []
            if any(c["type"] == "Established" and c["status"] == "True" for c in conditions):
                return
            await asyncio.sleep(0.1)


async def _remove(api: Api, created: Iterable[str]) -> None:
    """Delete what was created, the last first, and wait until the namespaces are gone."""
    order = list(reversed(list(created)))
    for path in order:
        await api.delete(path)
    async with asyncio.timeout(_GONE_SECONDS):
        for path in (path for path in order if path.startswith(paths.NAMESPACES) and path.count("/") == 4):
            while await api.exists(path):
                await asyncio.sleep(0.5)


async def _engine_kubeconfig(api: Api) -> Object:
    """Return a kubeconfig for the engine's ServiceAccount."""
    token = await account_token(api, ENGINE_NAMESPACE, ENGINE_ACCOUNT)
    return {
        "current-context": "engine",
        "contexts": [{"name": "engine", "context": {"cluster": "engine", "user": "engine"}}],
        "clusters": [{"name": "engine", "cluster": {"server": api.server, "certificate-authority": str(api.ca_file)}}],
        "users": [{"name": "engine", "user": {"token": token}}],
    }


async def account_token(api: Api, namespace: str, account: str) -> str:
    """Return a token of a ServiceAccount that is valid longer than the run takes."""
    spec = {"expirationSeconds": _TOKEN_SECONDS}
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
    answer = await api.post(f"{paths.core(namespace, 'serviceaccounts')}/{account}/token", request)
    return str(answer["status"]["token"])


def _write(file: Path, document: Object) -> Path:
    file.touch(mode=0o600)
    file.write_text(yaml.safe_dump(document), "utf-8")
    return file
