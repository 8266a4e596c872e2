"""Watches the pods that are bound to the node: starts a worker for each, stops it when its pod is deleted, and serves logs."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

from aiohttp import web

from kubernaut_sandbox.access.request_context import controller_context
from kubernaut_sandbox.cluster import NODE, Cluster
from kubernaut_sandbox.controllers.events import EventRecorder
from kubernaut_sandbox.kubelet.containers import PodContext
from kubernaut_sandbox.kubelet.logs import log_response
from kubernaut_sandbox.kubelet.pod_files import PodFiles
from kubernaut_sandbox.kubelet.pod_worker import PodWorker
from kubernaut_sandbox.kubelet.rootfs import interpreter_directory
from kubernaut_sandbox.kubelet.volumes import Volumes
from kubernaut_sandbox.model.objects import Object, is_deleting, meta, spec_of, status_of, uid_of
from kubernaut_sandbox.model.statuses import bad_request
from kubernaut_sandbox.model.store import Change


class Kubelet:
    """The kubelet of the sandbox's only node."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._workers: dict[str, PodWorker] = {}
        self._cleanup_tasks: set[asyncio.Task[None]] = set()
        self._host, self._port = "127.0.0.1", 0
        self._events = EventRecorder(cluster, "kubelet")
        self._request_context = controller_context("kubelet")
        self._persistent = cluster.directory / "persistent"
        self._volumes = Volumes(cluster.store, cluster.tokens, cluster.options.token_seconds, self._persistent)
        self._interpreter = interpreter_directory(cluster.directory)
        self._unsubscribe: Callable[[], None] = lambda: None

    def start(self, port: int) -> None:
        """Start to watch the pods; `port` is the API server's."""
        self._port = port
        self._unsubscribe = self._cluster.store.listen(self._on_change)

    async def stop(self) -> None:
        """Stop the processes of every pod."""
        self._unsubscribe()
        await asyncio.gather(*(worker.close() for worker in self._workers.values()))
        await asyncio.gather(*self._cleanup_tasks)
        self._workers.clear()

    async def serve_log(self, request: web.Request, pod: Object) -> web.StreamResponse:
        """Return the response to a request for a pod's log."""
        worker = self._workers.get(uid_of(pod))
        if worker is None:
            raise bad_request(f"pod {meta(pod)['name']} does not have a host assigned")
        return await log_response(request, pod, worker)

    def _on_change(self, change: Change) -> None:
        if change.resource == "persistentvolumes" and change.type == "DELETED":
            if spec_of(change.new).get("persistentVolumeReclaimPolicy") == "Delete":
                shutil.rmtree(self._persistent / meta(change.new)["name"], ignore_errors=True)
            return
        if change.resource != "pods" or spec_of(change.new).get("nodeName") != NODE:
            return
        uid, pod = uid_of(change.new), change.new
        if change.type == "DELETED":
            self._remove_worker(uid)
        elif uid not in self._workers:
            if not is_deleting(pod) and status_of(pod).get("phase") == "Pending":
                self._workers[uid] = PodWorker(self._context(pod), self._volumes, self._request_context)
        elif is_deleting(pod) and not (
            change.old
            and is_deleting(change.old)
            and meta(change.old).get("deletionGracePeriodSeconds") == meta(pod).get("deletionGracePeriodSeconds")
        ):
            self._workers[uid].terminate(meta(pod).get("deletionGracePeriodSeconds") or 0)
        elif spec_of(pod).get("readinessGates"):
            # Written later, so that every listener gets this change before the one that follows from it.
            asyncio.get_running_loop().call_soon(self._workers[uid].refresh)

    def _context(self, pod: Object) -> PodContext:
        directory: Path = self._cluster.directory / "pods" / uid_of(pod)
        return PodContext(
            self._cluster,
            pod,
            PodFiles(directory),
            self._interpreter,
            self._host,
            self._port,
            self._events,
            lambda: None,
        )

    def _remove_worker(self, uid: str) -> None:
        worker = self._workers.pop(uid, None)
        if worker is None:
            return
        worker.kill()
        task = asyncio.create_task(self._clean_up(worker, uid))
        self._cleanup_tasks.add(task)
        task.add_done_callback(self._cleanup_tasks.discard)

    async def _clean_up(self, worker: PodWorker, uid: str) -> None:
        await asyncio.sleep(0)
        await worker.close()
        shutil.rmtree(self._cluster.directory / "pods" / uid, ignore_errors=True)
