"""The sandbox itself: puts the parts together, starts them, and takes them down without a trace."""

from __future__ import annotations

import base64
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from kubernaut_sandbox.access.users import ADMIN
from kubernaut_sandbox.api.server import ApiServer, RequestCounts
from kubernaut_sandbox.bootstrap import seed
from kubernaut_sandbox.cluster import Cluster, make_cluster
from kubernaut_sandbox.controllers.manager import EVERY, MANAGED, ControllerManager
from kubernaut_sandbox.fault_injection import Faults
from kubernaut_sandbox.kubelet.kubelet import Kubelet
from kubernaut_sandbox.model.objects import Object, meta, name_of
from kubernaut_sandbox.options import SandboxOptions
from kubernaut_sandbox.registry.request_context import Call
from kubernaut_sandbox.tls import make_authority

_CONTEXT = "sandbox"


class Sandbox:
    """One embedded cluster; an async context manager that runs while it is open.

    `port` 0 picks a free one. Raises OSError when the port is taken.
    """

    def __init__(self, port: int = 0, options: SandboxOptions | None = None) -> None:
        self._port = port
        self._options = options or SandboxOptions()
        self._directory = Path()

    async def __aenter__(self) -> Self:
        self._directory = Path(tempfile.mkdtemp(prefix="sandbox-"))
        authority = make_authority(self._directory)
        self._tls = authority.context
        self._ca_file = authority.ca_file
        self._cluster: Cluster = make_cluster(self._options, self._directory, authority.ca_file.read_text())
        self.faults = Faults(self._cluster.store)
        self._kubelet = Kubelet(self._cluster)
        self._server = ApiServer(self._cluster, self.faults, self._kubelet)
        try:
            self._port = await self._server.start(self._tls, self._port)
        except OSError:
            shutil.rmtree(self._directory, ignore_errors=True)
            raise
        self._controllers = ControllerManager(self._cluster)
        self._controllers.start()
        self._kubelet.start(self._port)
        seed(self._cluster)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._controllers.stop()
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

    @asynccontextmanager
    async def outage(self) -> AsyncIterator[None]:
        """While the block lasts, the API server is killed: nothing listens, every connection is reset, no controller acts.

        Then it serves on the same port with every object kept and its watch history lost: resourceVersions from before the
        end of the outage get 410 where they are watched from. Containers run on meanwhile, and what the kubelet has to say
        of them is there when the server is back.
        """
        async with self._controllers.held(EVERY):
            await self._server.kill()
            try:
                yield
            finally:
                self._cluster.store.compact()
                await self._server.start(self._tls, self._port)

    @asynccontextmanager
    async def controllers_stopped(self) -> AsyncIterator[None]:
        """While the block lasts, kube-controller-manager is killed: no Jobs, Deployments, garbage, TTLs, quotas, namespaces.

        The API server, the scheduler and the kubelet go on. Afterwards the controllers begin anew from what they see.
        """
        async with self._controllers.held(MANAGED):
            yield

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
