"""The sandbox itself: puts the parts together, starts them, and takes them down without a trace."""

from __future__ import annotations

import base64
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from kubernaut.sandbox.access.users import ADMIN
from kubernaut.sandbox.api.server import ApiServer, RequestCounts
from kubernaut.sandbox.cluster import Cluster, make_cluster
from kubernaut.sandbox.controllers.deployments import DeploymentController
from kubernaut.sandbox.controllers.garbage import GarbageCollector
from kubernaut.sandbox.controllers.jobs import JobController
from kubernaut.sandbox.controllers.loop import Controller, ControllerLoop
from kubernaut.sandbox.controllers.namespaces import NamespaceController
from kubernaut.sandbox.controllers.replicasets import ReplicaSetController
from kubernaut.sandbox.controllers.scheduler import Scheduler
from kubernaut.sandbox.controllers.small import DefinitionController, QuotaController, TtlController
from kubernaut.sandbox.controllers.statefulsets import StatefulSetController
from kubernaut.sandbox.faults import Faults
from kubernaut.sandbox.kubelet.kubelet import Kubelet
from kubernaut.sandbox.model.objects import Object, meta, name_of
from kubernaut.sandbox.options import SandboxOptions
from kubernaut.sandbox.registry.calls import Call
from kubernaut.sandbox.seeds import seed
from kubernaut.sandbox.tls import make_authority

_CONTROLLERS: tuple[type[Controller], ...] = (
    GarbageCollector,
    NamespaceController,
    Scheduler,
    JobController,
    TtlController,
    DeploymentController,
    ReplicaSetController,
    StatefulSetController,
    QuotaController,
    DefinitionController,
)
_CONTEXT = "sandbox"


class Sandbox:
    """One embedded cluster; an async context manager that runs while it is open.

    `port` 0 picks a free one. Raises OSError when the port is taken.
    """

    def __init__(self, port: int = 0, options: SandboxOptions | None = None) -> None:
        self._port = port
        self._options = options or SandboxOptions()
        self._directory = Path()
        self._loops: list[ControllerLoop] = []

    async def __aenter__(self) -> Self:
        self._directory = Path(tempfile.mkdtemp(prefix="kubernaut-sandbox-"))
        authority = make_authority(self._directory)
        self._ca_file = authority.ca_file
        self._cluster: Cluster = make_cluster(self._options, self._directory, authority.ca_file.read_text())
        self.faults = Faults(self._cluster.store)
        self._kubelet = Kubelet(self._cluster)
        self._server = ApiServer(self._cluster, self.faults, self._kubelet)
        try:
            self._port = await self._server.start(authority.context, self._port)
        except OSError:
            shutil.rmtree(self._directory, ignore_errors=True)
            raise
        self._loops = [ControllerLoop(controller(self._cluster)) for controller in _CONTROLLERS]
        self._kubelet.start(self._port)
        seed(self._cluster)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for loop in self._loops:
            await loop.stop()
        await self._kubelet.stop()
        await self._server.stop()
        shutil.rmtree(self._directory, ignore_errors=True)

    @property
    def url(self) -> str:
        """Where the API server listens."""
        return f"https://127.0.0.1:{self._port}"

    @property
    def ca_file(self) -> Path:
        """The CA's certificate as PEM."""
        return self._ca_file

    @property
    def requests(self) -> RequestCounts:
        """Requests served, by (user name, verb, resource or resource/subresource, code); a watch counts once."""
        return self._server.requests

    def token(self, username: str) -> str:
        """The bearer token of any user name."""
        return self._cluster.tokens.standing(username)

    def kubeconfig(self, user: str = ADMIN.name) -> Object:
        """A complete kubeconfig document for that user; the default is the cluster's admin."""
        authority = base64.b64encode(self._ca_file.read_bytes()).decode()
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "preferences": {},
            "clusters": [{"name": _CONTEXT, "cluster": {"server": self.url, "certificate-authority-data": authority}}],
            "users": [{"name": user, "user": {"token": self.token(user)}}],
            "contexts": [{"name": _CONTEXT, "context": {"cluster": _CONTEXT, "user": user}}],
            "current-context": _CONTEXT,
        }

    async def apply(self, documents: Iterable[Object]) -> None:
        """Create or replace these manifests as the admin; a List is taken apart."""
        for document in documents:
            for item in (
                document["items"]
                if str(document.get("kind", "")).endswith("List") and "items" in document
                else (document,)
            ):
                self._apply_one(item)

    def _apply_one(self, document: Object) -> None:
        registry = self._cluster.registry
        kind = registry.kinds.of(document)
        namespace = (meta(document).get("namespace") or "default") if kind.namespaced else ""
        call = Call(field_validation="Strict")
        present = self._cluster.store.get(kind.resource, namespace, name_of(document))
        if present is None:
            registry.create(call, kind, namespace, document)
            return
        current = {**document, "metadata": {**meta(document), "resourceVersion": meta(present)["resourceVersion"]}}
        registry.update(call, kind, namespace, name_of(document), current)
