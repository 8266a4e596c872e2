"""The sandbox itself: builds the parts, starts them, and on exit stops them and removes their files."""

from __future__ import annotations

import base64
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from kubernaut_sandbox.access.request_context import RequestContext
from kubernaut_sandbox.access.users import ADMIN
from kubernaut_sandbox.api.server import ApiServer, RequestCounts
from kubernaut_sandbox.bootstrap import bootstrap
from kubernaut_sandbox.cluster import Cluster, make_cluster
from kubernaut_sandbox.controllers.manager import ALL_CONTROLLERS, MANAGER_CONTROLLERS, ControllerManager
from kubernaut_sandbox.fault_injection import FaultInjector
from kubernaut_sandbox.kubelet.kubelet import Kubelet
from kubernaut_sandbox.model.documents import DocumentError, as_json
from kubernaut_sandbox.model.objects import Object, meta, name_of
from kubernaut_sandbox.model.statuses import bad_request
from kubernaut_sandbox.options import SandboxOptions
from kubernaut_sandbox.tls import make_authority

_CONTEXT = "sandbox"


class Sandbox:
    """An embedded cluster, as an async context manager: the cluster runs while the context is open.

    Args:
        port: where the API server listens on 127.0.0.1; 0 picks a free port.
        options: timings and sizes.

    Entering raises OSError when the port is taken.
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
        self.faults = FaultInjector(self._cluster.store)
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
        bootstrap(self._cluster)
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
        """Return the URL of the API server."""
        return f"https://127.0.0.1:{self._port}"

    @property
    def ca_file(self) -> Path:
        """Return the PEM file with the certificate of the CA."""
        return self._ca_file

    @property
    def requests(self) -> RequestCounts:
        """Return the number of requests by (user name, verb, resource or resource/subresource, status code); a watch counts once."""
        return self._server.requests

    @asynccontextmanager
    async def outage(self) -> AsyncIterator[None]:
        """Kill the API server for the duration of the block: nothing listens, connections are reset, no controller acts.

        Afterwards it serves on the same port. It has kept every object and lost its watch history: a watch from a
        resourceVersion before the end of the outage gets 410. Containers keep running during the outage; the status that the
        kubelet reports for them is there when the server is back.
        """
        async with self._controllers.stopped(ALL_CONTROLLERS):
            await self._server.kill()
            try:
                yield
            finally:
                self._cluster.store.compact()
                await self._server.start(self._tls, self._port)

    @asynccontextmanager
    async def controllers_stopped(self) -> AsyncIterator[None]:
        """Kill kube-controller-manager for the duration of the block.

        Jobs, Deployments, garbage, TTLs, quotas and namespaces are then not synced; the API server, the scheduler and the
        kubelet keep running. Afterwards the controllers start again from the objects in the store.
        """
        async with self._controllers.stopped(MANAGER_CONTROLLERS):
            yield

    def token(self, username: str) -> str:
        """Return the bearer token of a user; any user name has one."""
        return self._cluster.tokens.static_token(username)

    def kubeconfig(self, user: str = ADMIN.name, others: Sequence[str] = ()) -> Object:
        """Return a complete kubeconfig for the user; by default for the cluster's admin.

        Each of `others` is a further user, with a context of the same name.
        """
        authority = base64.b64encode(self._ca_file.read_bytes()).decode()
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "preferences": {},
            "clusters": [{"name": _CONTEXT, "cluster": {"server": self.url, "certificate-authority-data": authority}}],
            "users": [{"name": name, "user": {"token": self.token(name)}} for name in (user, *others)],
            "contexts": [
                {"name": context, "context": {"cluster": _CONTEXT, "user": name}}
                for context, name in ((_CONTEXT, user), *((name, name) for name in others))
            ],
            "current-context": _CONTEXT,
        }

    async def apply(self, documents: Iterable[Object]) -> None:
        """Create or replace the manifests as the admin; of a List, each of its items.

        Raises kubernaut_sandbox.model.statuses.ApiError when the API rejects one, as it does one that is not JSON.
        """
        for document in documents:
            for item in (
                document["items"]
                if str(document.get("kind", "")).endswith("List") and "items" in document
                else (document,)
            ):
                self._apply_one(item)

    def has(self, manifest: Object) -> bool:
        """Whether there is an object of this kind and name. Raises ApiError for a kind that is not served."""
        kind = self._cluster.registry.kinds.of(manifest)
        namespace = (meta(manifest).get("namespace") or "default") if kind.namespaced else ""
        return self._cluster.store.get(kind.resource, namespace, name_of(manifest)) is not None

    def _apply_one(self, manifest: Object) -> None:
        try:
            document: Object = as_json(manifest)
        except DocumentError as error:
            raise bad_request(f"the manifest cannot be read: {error}") from error
        registry = self._cluster.registry
        kind = registry.kinds.of(document)
        namespace = (meta(document).get("namespace") or "default") if kind.namespaced else ""
        context = RequestContext(field_validation="Strict")
        present = self._cluster.store.get(kind.resource, namespace, name_of(document))
        if present is None:
            registry.create(context, kind, namespace, document)
            return
        current = {**document, "metadata": {**meta(document), "resourceVersion": meta(present)["resourceVersion"]}}
        registry.update(context, kind, namespace, name_of(document), current)
